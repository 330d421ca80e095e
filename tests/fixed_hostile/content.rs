//! Lies in tags, counters, slots and the bytes between.

use super::*;

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn lies_in_tags_and_slots() {
    use Field::{Counters, Duplicate, Len, Padding, Tag};
    let classes: Vec<Class<u64_le, u64_le>> = vec![
        class("a free slot's tag is set", Says::Verify(Tag), |b, s, _| {
            let wrong = s.way(&u64_le::from(0)).tag ^ 0x55;
            b[s.tag_at(s.free(b)[0])] = wrong.max(1);
        }),
        class(
            "a free slot's tag is set to that of its zeros",
            Says::Verify(Len),
            |b, s, _| {
                // Whatever group it is in: the length is looked at before the ways.
                b[s.tag_at(s.free(b)[0])] = s.way(&u64_le::from(0)).tag;
            },
        ),
        class("a full slot's tag is cleared", Says::Verify(Padding), |b, s, _| {
            b[s.tag_at(s.full(b)[0])] = 0;
        }),
        class(
            "a full slot and its tag are cleared",
            Says::Verify(Len),
            |b, s, kind| {
                let (slot, _) = beside_free(b, s, kind);
                clear_slot(b, s, slot);
            },
        ),
        class(
            "a full slot is cleared, its tag is not",
            Says::Verify(Tag),
            |b, s, _| {
                let slot = s
                    .full(b)
                    .into_iter()
                    .find(|&slot| b[s.tag_at(slot)] != s.way(&u64_le::from(0)).tag);
                s.slot(b, slot.expect("another tag")).fill(0);
            },
        ),
        class("a wrong tag", Says::Verify(Tag), |b, s, _| {
            let tag = s.tag_at(s.full(b)[0]);
            b[tag] = if b[tag] == 7 { 8 } else { 7 };
        }),
        class("two keys have changed places", Says::Verify(Tag), |b, s, _| {
            let full = s.full(b);
            let other = full
                .iter()
                .copied()
                .find(|&slot| b[s.tag_at(slot)] != b[s.tag_at(full[0])])
                .expect("another tag");
            let (one, two) = (s.slot(b, full[0]).to_vec(), s.slot(b, other).to_vec());
            s.slot(b, full[0]).copy_from_slice(&two);
            s.slot(b, other).copy_from_slice(&one);
        }),
        class("one key twice in a group", Says::Verify(Len), |b, s, kind| {
            let (slot, free) = beside_free(b, s, kind);
            copy_slot(b, s, slot, free);
        }),
        class(
            "one key twice in a group, and counted",
            Says::Verify(Duplicate),
            |b, s, kind| {
                let (slot, free) = beside_free(b, s, kind);
                copy_slot(b, s, slot, free);
                add_to_len(b, 1);
            },
        ),
        class(
            "one key twice, in two groups, counted and passed",
            Says::Verify(Duplicate),
            |b, s, kind| {
                let i = (0..ENTRIES).find(|&i| {
                    let way = s.way(&(kind.key)(i));
                    way.home == slot_of(b, s, &(kind.key)(i)) / LANES && counter(b, s, way.home, way.class) == 0
                });
                let key = (kind.key)(i.expect("most are at home"));
                let (slot, way) = (slot_of(b, s, &key), s.way(&key));
                let next = (way.home + 1) % s.groups;
                let to = s.free(b).into_iter().find(|free| free / LANES == next);
                // The next group may be full; then one of its slots is taken over.
                let to = to.unwrap_or_else(|| {
                    add_to_len(b, -1);
                    next * LANES
                });
                copy_slot(b, s, slot, to);
                set_counter(b, s, way.home, way.class, 1);
                add_to_len(b, 1);
            },
        ),
        class(
            "a key is in a group where no search looks",
            Says::Verify(Counters),
            |b, s, kind| {
                let key = (0..ENTRIES).map(kind.key).find(|key| {
                    let way = s.way(key);
                    slot_of(b, s, key) / LANES == way.home && counter(b, s, way.home, way.class) == 0
                });
                let key = key.expect("most are at home");
                let (slot, home) = (slot_of(b, s, &key), s.way(&key).home);
                let free = s
                    .free(b)
                    .into_iter()
                    .find(|free| free / LANES != home)
                    .expect("another group");
                copy_slot(b, s, slot, free);
                clear_slot(b, s, slot);
            },
        ),
        class(
            "all tags are full, of slots as they are",
            Says::Verify(Tag),
            |b, s, _| {
                for slot in s.free(b) {
                    b[s.tag_at(slot)] = 0xee;
                }
            },
        ),
        class("all tags are the same", Says::Verify(Tag), |b, s, _| {
            for slot in 0..s.slots() {
                b[s.tag_at(slot)] = 0x11;
            }
        }),
        class("all tags are full, all counters 15", Says::Verify(Tag), |b, s, _| {
            for slot in s.free(b) {
                b[s.tag_at(slot)] = 0xee;
            }
            for group in 0..s.groups {
                put32(b, s.counters_at(group), u32::MAX);
            }
        }),
        class("all tags and slots are cleared", Says::Verify(Len), |b, s, _| {
            b[at::TAGS..s.slots_at].fill(0);
            b[s.slots_at..s.room_at()].fill(0);
        }),
        class("noise", Says::Verify(Tag), |b, s, _| {
            for (i, byte) in b[s.slots_at..s.room_at()].iter_mut().enumerate() {
                *byte = ((i * 37) >> 2) as u8 | 1;
            }
            for slot in 0..s.slots() {
                b[s.tag_at(slot)] = (slot * 29) as u8 | 2;
            }
        }),
    ];
    tell(numbers(), use_plain, &classes);
}

#[test]
fn lies_in_counters() {
    use Field::Counters;
    let classes: Vec<Class<u64_le, u64_le>> = vec![
        class(
            "a counter is 0, with an entry behind",
            Says::Verify(Counters),
            |b, s, kind| {
                let (_, way) = behind(b, s, kind).expect("chosen so");
                set_counter(b, s, way.home, way.class, 0);
            },
        ),
        class("a counter is one too high", Says::Verify(Counters), |b, s, kind| {
            let (_, way) = behind(b, s, kind).expect("chosen so");
            let count = counter(b, s, way.home, way.class);
            set_counter(b, s, way.home, way.class, count + 1);
        }),
        class(
            "a counter is 1, with no entry behind",
            Says::Verify(Counters),
            |b, s, _| {
                let class = (0..8).find(|&class| counter(b, s, 0, class) == 0).expect("most are 0");
                set_counter(b, s, 0, class, 1);
            },
        ),
        class("a counter is stuck", Says::Sealed(Counters), |b, s, kind| {
            let (_, way) = behind(b, s, kind).expect("chosen so");
            set_counter(b, s, way.home, way.class, 15);
        }),
        class("all counters are 0", Says::Verify(Counters), |b, s, _| {
            for group in 0..s.groups {
                put32(b, s.counters_at(group), 0);
            }
        }),
        class("all counters are 14", Says::Verify(Counters), |b, s, _| {
            for group in 0..s.groups {
                put32(b, s.counters_at(group), 0xffff_ff00);
            }
        }),
        class("all counters are stuck", Says::Sealed(Counters), |b, s, _| {
            for group in 0..s.groups {
                put32(b, s.counters_at(group), u32::MAX);
            }
        }),
    ];
    tell(numbers(), use_plain, &classes);
}

#[test]
fn texts_that_are_none() {
    use Field::{Key, Padding, Tag};
    // The last byte of a `FixedStr<12>` is its length.
    let classes: Vec<Class<FixedStr<12>, u64_le>> = vec![
        class("a length of 255", Says::Verify(Key), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[11] = 255;
        }),
        class("a length of 12, one beyond the room", Says::Verify(Key), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[11] = 12;
        }),
        class("a byte that begins no character", Says::Verify(Key), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[0] = 0xff;
        }),
        class("a character cut in half", Says::Verify(Key), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[..12].copy_from_slice(&[0xc3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        }),
        class("a byte behind the end", Says::Verify(Key), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[10] = 1;
        }),
        class(
            "a byte behind the end, tag and way as they should be",
            Says::Verify(Key),
            |b, s, kind| {
                let slot = slot_of(b, s, &(kind.key)(3));
                s.slot(b, slot)[10] = b'x';
            },
        ),
        class("a shorter text", Says::Verify(Tag), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[..12].fill(0);
        }),
        class("padding in a full slot", Says::Verify(Padding), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[14] = 1;
        }),
        class("padding in a free slot", Says::Verify(Padding), |b, s, _| {
            let slot = s.free(b)[0];
            s.slot(b, slot)[12] = 1;
        }),
        class("a value in a free slot", Says::Verify(Padding), |b, s, _| {
            let slot = s.free(b)[0];
            s.slot(b, slot)[23] = 1;
        }),
    ];
    tell(texts(), use_plain, &classes);
}

#[test]
fn values_that_are_none() {
    let classes: Vec<Class<u32_le, bool>> = vec![
        class("bool: 7", Says::Verify(Field::Value), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[4] = 7;
        }),
        class("bool: all of them 2", Says::Verify(Field::Value), |b, s, _| {
            for slot in s.full(b) {
                s.slot(b, slot)[4] = 2;
            }
        }),
        class("padding behind the value", Says::Verify(Field::Padding), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[7] = 1;
        }),
    ];
    tell(flags(), use_unverified, &classes);
    let classes: Vec<Class<NonZeroU32_le, char_le>> = vec![
        class("char: half of a pair", Says::Verify(Field::Value), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[4..8].copy_from_slice(&0xD800_u32.to_le_bytes());
        }),
        class("char: beyond the last", Says::Verify(Field::Value), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[4..8].copy_from_slice(&0x11_0000_u32.to_le_bytes());
        }),
        class("nonzero key: 0", Says::Verify(Field::Key), |b, s, _| {
            let slot = s.full(b)[0];
            s.slot(b, slot)[..4].fill(0);
        }),
    ];
    tell(characters(), use_unverified, &classes);
}

#[test]
fn a_gap_that_is_not_empty() {
    let classes: Vec<Class<u64_le, Line>> = vec![
        class(
            "a byte of the gap, the first",
            Says::Verify(Field::Reserved),
            |b, s, _| b[at::TAGS + s.groups * 16] = 1,
        ),
        class(
            "a byte of the gap, the last",
            Says::Verify(Field::Reserved),
            |b, s, _| b[s.slots_at - 1] = 1,
        ),
    ];
    let (_, shape) = archive(lines());
    assert!(shape.slots_at > at::TAGS + shape.groups * 16, "there is a gap");
    // `clear` leaves the gap as it is, so that the map at the end of `use_plain` would not be whole.
    tell(
        lines(),
        |bytes, kind, entries| {
            look(&FixedMap::<u64_le, Line, _>::open(&bytes[..])?, kind, entries);
            Ok(())
        },
        &classes,
    );
}
