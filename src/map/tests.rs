//! Tests of private parts.

use hashbrown::HashTable;

use super::segment::most_bytes;

/// `fits_at_once` rests on this: no table is larger than the bytes it looks for, also when its block is rounded up to 32 and
/// padded to its alignment.
#[test]
fn no_table_is_larger_than_foreseen() {
    fn sweep<T>() {
        for capacity in (1..600).chain((4..14).flat_map(|log| (1 << log) - 2..=(1 << log) + 2)) {
            let block = HashTable::<T>::with_capacity(capacity)
                .allocation_size()
                .next_multiple_of(32);
            let padding = if align_of::<T>() > 16 { align_of::<T>() - 16 } else { 8 };
            let foreseen = most_bytes::<T>(capacity).unwrap();
            assert!(
                block + padding <= foreseen,
                "{capacity} of {} bytes: {block} + {padding} bytes, foreseen {foreseen}",
                size_of::<T>()
            );
        }
    }
    #[repr(align(64))]
    struct Aligned(#[allow(dead_code, reason = "for its size")] [u8; 64]);
    sweep::<()>();
    sweep::<u8>();
    sweep::<[u8; 3]>();
    sweep::<u32>();
    sweep::<(u64, u64)>();
    sweep::<[u64; 5]>();
    sweep::<(u128, u128)>();
    sweep::<Aligned>();
    sweep::<[u8; 200]>();
}
