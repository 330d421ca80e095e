//! An indexed archive that the input has changed, or noise: whatever opens is safe to use, whatever is verified is a map.
#![no_main]

use arenamap::fixed::{
    AlignedBytes, Checked, FixedKey, FixedStr, Frozen, IndexedMap, Memory, VarKey, VarMap, VarValue, u16_le, u64_le,
};
use arenamap_fuzz::{mark_sealed, sign_header};
use libfuzzer_sys::fuzz_target;

/// Bytes of a header.
const HEADER: usize = 192;

fn archive<'p, K, V>(input: &[u8], entry: fn(u8) -> (K::Given<'p>, V::Given<'p>)) -> Option<AlignedBytes>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    let (&[mode, entries], mut input) = input.split_first_chunk()?;
    if mode % 8 == 7 {
        return Some(AlignedBytes::from_slice(input));
    }
    let entries = (0..entries).map(entry);
    let (len, room) = VarMap::<K, V>::measure(entries.clone());
    let memory = AlignedBytes::zeroed(IndexedMap::<K, V>::bytes_for_texts(len, room));
    let mut scratch = vec![0; IndexedMap::<K, V>::scratch_words(len)];
    let mut bytes = IndexedMap::<K, V, _>::from_entries_in(memory, &mut scratch, 1, entries)
        .expect("different keys")
        .into_memory();
    let from = if mode % 8 < 4 { HEADER } else { 0 };
    while let Some((&[low, high, byte], rest)) = input.split_first_chunk() {
        let at = from + usize::from(u16::from_le_bytes([low, high])) % (bytes.len() - from);
        bytes[at] = byte;
        input = rest;
    }
    if mode & 8 == 0 {
        sign_header(&mut bytes);
        mark_sealed(&mut bytes);
    }
    Some(bytes)
}

fn look<K: FixedKey + Checked, V: Checked + Frozen, M: Memory>(map: &IndexedMap<K, V, M>, entry: fn(u8) -> (K, V)) {
    let seen = map.iter().count();
    assert_eq!((seen, seen), (map.keys().count(), map.values().count()));
    let keys: Vec<K> = (0..=u8::MAX).map(|i| entry(i).0).collect();
    let mut out = vec![None; keys.len()];
    map.get_batch(&keys, &mut out);
    for (key, out) in keys.iter().zip(out) {
        map.prefetch(key);
        assert_eq!(map.get(key).map(V::as_bytes), out.map(V::as_bytes));
        assert_eq!(map.get_key_value(key).is_some(), out.is_some());
    }
    if map.verify().is_ok() {
        assert_eq!(seen, map.len());
        assert!(map.iter().all(|(key, _)| map.contains_key(key)));
    }
}

/// Texts that differ, of 0 to some 70 bytes.
const LETTERS: &str =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-abcdefghijklmnopqrstuvwxyz0123456789";

fn text(i: u8) -> (&'static str, &'static str) {
    let i = usize::from(i);
    // A beginning and a length, of which no two have both.
    let key = &LETTERS[i % 37..][..i / 37 + usize::from(i > 0)];
    (key, &LETTERS[..i % 70])
}

fn look_at_texts(bytes: &AlignedBytes) {
    let Ok(map) = IndexedMap::<str, str, _>::open(&bytes[..]) else {
        assert!(IndexedMap::<str, str, _>::open_verified(&bytes[..]).is_err());
        return;
    };
    let verified = IndexedMap::<str, str, _>::open_verified(&bytes[..]);
    assert_eq!(verified.as_ref().err().copied(), map.verify().err());
    let keys: Vec<&str> = (0..=u8::MAX).map(|i| text(i).0).collect();
    let mut out = vec![None; keys.len()];
    map.get_batch(&keys, &mut out);
    for (key, out) in keys.iter().zip(out) {
        assert_eq!(map.get(*key), out);
        assert_eq!(map.try_get(*key).ok().flatten(), out);
        if let Ok(map) = &verified {
            assert_eq!(map.get(*key), out);
        }
    }
    if let Ok(map) = verified {
        assert_eq!(map.iter().count(), map.len());
        assert!(map.iter().all(|(key, value)| map.get(key) == Some(value)));
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&which, input)) = input.split_first() else {
        return;
    };
    if which % 4 == 3 {
        if let Some(bytes) = archive::<str, str>(input, text) {
            look_at_texts(&bytes);
        }
    } else if which % 2 == 0 {
        let entry: fn(u8) -> (u64_le, u64_le) = |i| (u64::from(i).into(), 7.into());
        if let Some(bytes) = archive::<u64_le, u64_le>(input, entry)
            && let Ok(map) = IndexedMap::<u64_le, u64_le, _>::open(&bytes[..])
        {
            look(&map, entry);
        }
    } else {
        let entry: fn(u8) -> (FixedStr<9>, u16_le) = |i| (FixedStr::new(&i.to_string()).expect("it fits"), 7.into());
        if let Some(bytes) = archive::<FixedStr<9>, u16_le>(input, entry)
            && let Ok(map) = IndexedMap::<FixedStr<9>, u16_le, _>::open_verified(&bytes[..])
        {
            look(&map, entry);
        }
    }
});
