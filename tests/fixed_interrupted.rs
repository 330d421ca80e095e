//! A writer stopped between the two stores that open or seal an archive: nobody looks at its checksum.

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};

const STATE: usize = 144;
const CHECKSUM: usize = 152;

fn sealed() -> AlignedBytes {
    let need = FixedMap::<u64_le, u64_le>::bytes_for(100);
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(need), 100).unwrap();
    for key in 0..100_u64 {
        map.insert(key.into(), (key * key).into()).unwrap();
    }
    map.seal();
    map.into_memory()
}

#[test]
fn the_checksum_of_an_open_archive_is_not_looked_at() {
    let mut bytes = sealed();
    bytes[STATE..][..8].copy_from_slice(b"open map");
    assert_ne!(bytes[CHECKSUM..][..8], [0; 8]);
    let map = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
    assert!(!map.is_sealed());

    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).unwrap();
    assert_eq!((recovered.kept, recovered.lost, recovered.unfinished), (100, 0, 0));
    assert!((0..100_u64).all(|key| map.get(&key) == Some(&(key * key).into())));
    let bytes = map.into_memory();
    assert_eq!(bytes[CHECKSUM..][..8], [0; 8], "marked as open in whole");
    FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
}

#[test]
fn recovering_a_sealed_archive_opens_it_before_anything_else() {
    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(sealed()).unwrap();
    assert_eq!((recovered.kept, recovered.claimed, map.is_sealed()), (100, 100, false));
    assert_eq!(map.as_bytes()[STATE..][..8], *b"open map");
    assert_eq!(map.as_bytes()[CHECKSUM..][..8], [0; 8]);
}
