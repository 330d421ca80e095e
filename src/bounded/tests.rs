//! The rules of eviction against a plain model, and deadlines against plain lists, entry by entry.

use std::collections::{HashMap, VecDeque};
use std::vec::Vec;

use super::queues::{MOST_FREE, MOST_STEPS};
use super::{BoundedMap, Bounds, Displaced, Lifetime, Reason, Terms};
use crate::table::group::LANES;

/// Numbers that look random.
struct Draws(u64);

impl Draws {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// An entry as the model sees it.
struct Known {
    slot: usize,
    uses: u64,
    small: bool,
}

/// Small queue, main queue in the order of slots, lane by lane, and the hand: with lists, and without ghosts, which the map is asked for.
#[derive(Default)]
struct Model {
    entries: HashMap<u64, Known>,
    small: VecDeque<u64>,
    groups: usize,
    hand: usize,
}

impl Model {
    fn promote(&mut self, key: u64) {
        let known = self.entries.get_mut(&key).unwrap();
        (known.small, known.uses) = (false, 0);
    }

    fn next(&mut self) -> u64 {
        let slots = self.groups * LANES;
        let at = |hand: usize| {
            self.entries
                .iter()
                .find(|(_, known)| known.slot == hand % self.groups * LANES + hand / self.groups)
        };
        // Ranks of slots: all of one lane, then all of the next.
        for passed in 0..MOST_FREE {
            let hand = (self.hand + passed) % slots;
            if let Some((&key, _)) = at(hand) {
                self.hand = (hand + 1) % slots;
                return key;
            }
        }
        // Of the next group with an entry, the first that the hand would come to.
        let hand = (self.hand + MOST_FREE) % slots;
        let ahead = self.entries.iter().map(|(&key, known)| {
            let (lane, group) = (known.slot % LANES, known.slot / LANES);
            let groups = (group + self.groups - hand % self.groups) % self.groups;
            let lane_of_hand = (hand + groups) % slots / self.groups;
            ((groups, (lane + LANES - lane_of_hand) % LANES), key)
        });
        let ((groups, _), key) = ahead.min().unwrap();
        self.hand = (hand + groups + 1) % slots;
        key
    }

    fn choose(&mut self, aim: usize) -> (u64, usize) {
        let mut best: Option<(u64, u64)> = None;
        let better = |best: &mut Option<(u64, u64)>, uses, key| match best {
            Some((least, _)) if *least <= uses => {}
            _ => *best = Some((uses, key)),
        };
        for step in 1..MOST_STEPS {
            let small = self.entries.values().filter(|known| known.small).count();
            if small > 0 && (small * 256 >= aim || small == self.entries.len()) {
                let key = self.small.pop_front().unwrap();
                let uses = self.entries[&key].uses;
                if uses == 0 {
                    return (key, step);
                }
                self.promote(key);
                better(&mut best, uses, key);
                continue;
            }
            let key = self.next();
            let known = self.entries.get_mut(&key).unwrap();
            if known.small {
                better(&mut best, u64::MAX, key);
            } else if known.uses == 0 {
                return (key, step);
            } else {
                better(&mut best, known.uses, key);
                known.uses -= 1;
            }
        }
        let (_, key) = best.unwrap();
        (key, MOST_STEPS)
    }
}

/// Of a map that is not removed from, the model says each eviction.
#[test]
fn evictions_are_those_of_the_model() {
    for (entries, capacity, keys, seed) in [
        (1, 1, 5, 1),
        (2, 2, 6, 2),
        (3, 3, 9, 3),
        (40, 40, 90, 4),
        (300, 300, 900, 5),
        (300, 300, 310, 6),
        // By weight: most slots are free.
        (300, 3, 9, 7),
        (300, 40, 60, 8),
    ] {
        let mut map = BoundedMap::<u64, u64>::new(Bounds::entries(entries).weight(capacity as u64));
        let mut model = Model {
            groups: map.core.room.sizes.groups,
            ..Model::default()
        };
        let mut draws = Draws(seed);
        for turn in 0..20_000 {
            // Some keys are asked for more often than others.
            let key = draws.next(keys).min(draws.next(keys));
            if draws.next(2) == 0 {
                assert_eq!(map.get(&key, 0).is_some(), model.entries.contains_key(&key));
                if let Some(known) = model.entries.get_mut(&key) {
                    known.uses = (known.uses + 1).min(3);
                }
                continue;
            }
            let ghosts = map.stats().ghost_hits;
            let aim = map.core.aim();
            let mut gone = Vec::new();
            map.insert_with(key, turn, Terms::new(), 0, |out| gone.push(out));
            if let Some(known) = model.entries.get_mut(&key) {
                known.uses = (known.uses + 1).min(3);
                assert_eq!((gone.len(), gone[0].reason), (1, Reason::Replaced));
                continue;
            }
            let full = model.entries.len() == capacity;
            if full {
                let (key, _) = model.choose(aim);
                assert_eq!((gone.len(), gone[0].key, gone[0].reason), (1, key, Reason::Evicted));
                model.small.retain(|&other| other != key);
                model.entries.remove(&key);
            } else {
                assert!(gone.is_empty());
            }
            let small = map.stats().ghost_hits == ghosts;
            if small {
                let waiting = model.entries.values().filter(|known| known.small).count();
                if waiting * 256 >= map.core.aim() && waiting > 0 {
                    let first = model.small.pop_front().unwrap();
                    model.promote(first);
                }
                model.small.push_back(key);
            }
            let slot = map.core.slot_of(|&(known, _)| known == key).unwrap();
            model.entries.insert(key, Known { slot, uses: 0, small });
            assert_eq!(
                map.stats().small,
                model.entries.values().filter(|known| known.small).count()
            );
        }
        assert_eq!(map.len(), model.entries.len());
    }
}

/// The hand takes from all groups alike: most entries find room at home.
#[test]
fn groups_are_about_equally_full() {
    let mut map = BoundedMap::<u64, u64>::new(4_000);
    for key in 0..40_000 {
        map.insert(key, 0, 0);
        assert!(map.get(&key, 0).is_some()); // all move on to the main queue
    }
    let room = &map.core.room;
    let slots = (0..room.slot_count()).filter(|&slot| room.tag(slot) != 0);
    let away = slots.filter(|&slot| room.meta(slot).strides() > 0).count();
    assert!(away < 1_200, "{away} of 4,000 entries are not at home");
}

/// The bounds of deadlines hold in each state, and are exact above the groups.
#[test]
fn deadlines_are_bounded_by_every_node_above_them() {
    for capacity in [1, 14, 100, 4_000] {
        let mut map = BoundedMap::<u64, u64>::new(capacity);
        let mut draws = Draws(capacity as u64);
        let mut now = 0;
        for turn in 0..6_000 {
            let key = draws.next(3 * capacity as u64);
            match draws.next(8) {
                0 => drop(map.remove(&key, now)),
                1 => drop(map.set_time_to_live(&key, Some(draws.next(50)), now)),
                2 => drop(map.expire(now, 3)),
                3 => now += draws.next(10),
                4 => drop(map.insert(key, 0, now)),
                _ => drop(map.insert_for(key, 0, draws.next(200), now)),
            }
            if turn % 64 == 0 {
                map.core.check();
            }
        }
        map.expire(u64::MAX, usize::MAX);
        map.core.check();
        map.clear();
        map.core.check();
    }
}

/// A full map in which the newest come and go finds its keys in few groups, also after long.
#[test]
fn ways_stay_short_in_a_full_map() {
    let mut map = BoundedMap::<u64, u64>::new(5_000);
    let mut draws = Draws(9);
    for _ in 0..400_000 {
        map.insert(draws.next(1 << 40), 0, 0);
    }
    let strides: usize = (0..map.core.room.slot_count())
        .filter(|&slot| map.core.room.tag(slot) != 0)
        .map(|slot| map.core.room.meta(slot).strides())
        .sum();
    assert!(strides < 3 * map.len(), "{strides} strides for {} entries", map.len());
}

/// Whatever comes, no slot but a few is ever out of reach of its hash, and the ring takes what it is given.
#[test]
fn removals_leave_nothing_behind() {
    let mut map = BoundedMap::<u64, u64>::new(200);
    let mut draws = Draws(3);
    let mut now = 0;
    map.set_lifetime(Lifetime::SinceUse(40));
    for _ in 0..100_000 {
        now += draws.next(2);
        let key = draws.next(400);
        match draws.next(4) {
            0 => drop(map.remove(&key, now)),
            1 => drop(map.get(&key, now).copied()),
            _ => {
                if let Some(Displaced { reason, .. }) = map.insert(key, 1, now) {
                    assert!(reason != Reason::Refused);
                }
            }
        }
    }
    map.retain(now, |_, _| false);
    assert!(map.is_empty());
    map.core.check();
    for group in 0..map.core.room.slot_count() / LANES {
        assert_eq!(map.core.room.went_on(group), 0);
    }
}
