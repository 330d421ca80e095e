//! What single calls answer on archives that lie.

use super::*;

#[test]
fn an_unverified_error_names_the_slot() {
    let (mut bytes, shape) = archive(characters());
    let key = (characters().key)(5);
    let slot = slot_of(&bytes, &shape, &key);
    shape.slot(&mut bytes, slot)[..4].fill(0);
    let map = FixedMap::<NonZeroU32_le, char_le, _>::open_unverified(&bytes[..]).expect("its header is whole");
    let error = map.try_get(&key).unwrap_err();
    assert_eq!((error.field(), error.place()), (Field::Key, Some(slot as u64)));
}

/// An archive with an entry in every slot, more than its capacity, and a length that lies.
fn really_full(len: u64) -> (AlignedBytes, Shape) {
    let mut bytes = numbers().create(CAPACITY, 1).into_memory();
    let mut next = 0;
    loop {
        put(&mut bytes, at::LEN, 0);
        let mut map = FixedMap::<u64_le, u64_le, _>::open_mut(&mut bytes[..]).expect("its header is whole");
        let refused = (0..CAPACITY).find_map(|_| {
            next += 1;
            map.insert((numbers().key)(next), 1.into()).err()
        });
        if refused.is_some() {
            break;
        }
    }
    put(&mut bytes, at::LEN, len);
    let shape = Shape::of(&bytes);
    assert!(shape.free(&bytes).is_empty());
    (bytes, shape)
}

#[test]
fn inserting_where_no_slot_is_free_is_an_error_and_changes_nothing() {
    for len in [0, 1, CAPACITY as u64 - 1] {
        let (bytes, shape) = really_full(len);
        let mut map = FixedMap::<u64_le, u64_le, _>::open(bytes.clone()).expect("its header is whole");
        for i in 0..200 {
            let error = map.insert((1_000_000 + i).into(), i.into()).unwrap_err();
            let FixedInsertError::Corrupt { key, value, error } = error else {
                panic!("{error}")
            };
            assert_eq!((key, value), ((1_000_000 + i).into(), i.into()));
            assert_eq!((error.field(), error.found()), (Field::Search, shape.groups as u64));
            let error = map.entry((1_000_000 + i).into()).or_insert(1.into()).unwrap_err();
            assert!(matches!(error, FixedInsertError::Corrupt { .. }));
        }
        let error = map.try_extend([(2_000_000.into(), 1.into())]).unwrap_err();
        assert!(matches!(error.cause, FixedInsertError::Corrupt { .. }) && error.inserted == 0);
        assert_eq!(map.as_bytes(), &bytes[..], "nothing was changed");
        assert_eq!(map.verify().unwrap_err().field(), Field::Len);
        // An entry that is there can be overwritten, and taken out.
        let there = *map.keys().next().expect("all slots are full");
        assert_eq!(map.insert(there, 9.into()).unwrap(), Some(1.into()));
    }
    // A length that says "full" is believed.
    let (bytes, _) = really_full(CAPACITY as u64);
    let mut map = FixedMap::<u64_le, u64_le, _>::open(bytes).expect("its header is whole");
    assert!(matches!(
        map.insert(1_000_000.into(), 1.into()),
        Err(FixedInsertError::Full { .. })
    ));
}

#[test]
fn removing_more_than_the_length_says_wraps_nothing() {
    let (bytes, shape) = really_full(0);
    let mut map = FixedMap::<u64_le, u64_le, _>::open(bytes.clone()).expect("its header is whole");
    let key = *map.keys().next().expect("all slots are full");
    let error = map.try_remove(&key).unwrap_err();
    assert_eq!((error.field(), error.expected(), error.found()), (Field::Len, 1, 0));
    assert_eq!(map.as_bytes(), &bytes[..], "nothing was changed");
    assert!(map.remove(&key).is_some());
    assert_eq!(map.len(), 0);
    map.retain(|_, _| false);
    assert_eq!((map.len(), map.iter().next()), (0, None));
    assert_eq!(shape.free(map.as_bytes()).len(), shape.slots());
}

/// The search ends at a counter of zero, so that an entry behind it is not found: nothing is counted down, nothing changed.
#[test]
fn an_entry_behind_a_counter_of_zero_is_not_removed_and_nothing_wraps() {
    let (mut bytes, shape) = archive(numbers());
    let (slot, way) = behind(&bytes, &shape, numbers()).expect("chosen so");
    set_counter(&mut bytes, &shape, way.home, way.class, 0);
    let key = u64_le::from(number(&bytes, shape.slot_at(slot)));
    let mut map = FixedMap::<u64_le, u64_le, _>::open(bytes.clone()).expect("its header is whole");
    assert_eq!(map.try_get(&key), Ok(None));
    assert_eq!(map.try_remove(&key), Ok(None));
    assert_eq!(map.remove(&key), None);
    assert_eq!(map.as_bytes(), &bytes[..], "nothing was changed");
    // A walk over the slots does meet it. Its counter stays 0; those of other groups and classes stay theirs.
    let taken: Vec<_> = map.extract_if(|other, _| *other == key).collect();
    assert_eq!(taken.len(), 1);
    let after = map.into_memory();
    for group in 0..shape.groups {
        for class in 0..8 {
            let (before, after) = (
                counter(&bytes, &shape, group, class),
                counter(&after, &shape, group, class),
            );
            if class == way.class {
                assert!(after <= before, "group {group}: {before} became {after}");
            } else {
                assert_eq!(after, before, "group {group}, class {class}");
            }
        }
    }
    assert_eq!(counter(&after, &shape, way.home, way.class), 0);
}
