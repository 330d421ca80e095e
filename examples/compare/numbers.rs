//! odht's configuration.

/// odht with numbers as they stand in our archives, and its own hash function.
pub(crate) struct Numbers;

impl odht::Config for Numbers {
    type Key = u64;
    type Value = u64;
    type EncodedKey = [u8; 8];
    type EncodedValue = [u8; 8];
    type H = odht::FxHashFn;

    #[inline]
    fn encode_key(key: &u64) -> [u8; 8] {
        key.to_le_bytes()
    }

    #[inline]
    fn encode_value(value: &u64) -> [u8; 8] {
        value.to_le_bytes()
    }

    #[inline]
    fn decode_key(key: &[u8; 8]) -> u64 {
        u64::from_le_bytes(*key)
    }

    #[inline]
    fn decode_value(value: &[u8; 8]) -> u64 {
        u64::from_le_bytes(*value)
    }
}

/// The load that odht takes by default, in percent.
pub(crate) const ODHT_LOAD: u8 = 87;
