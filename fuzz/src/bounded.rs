//! Programs on the bounded maps. What they evict is theirs to choose; what is in them, what leaves and why, is not.

use crate::growing::{PARTS, Part, text};
use arenamap::bounded::{Bounds, Displaced, Entry, Lifetime, Reason, Terms, copied};
use arenamap::{BoundedMap, BoundedStrMap};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use std::collections::HashMap;

/// How a program runs: the first bytes of the input.
struct Setting {
    hasher: Part,
    bounds: Bounds,
    keys: u64,
}

impl Setting {
    fn of(input: &mut Unstructured<'_>) -> Self {
        let [hasher, capacity, weight] = input.arbitrary::<[u8; 3]>().unwrap_or_default();
        let capacity = [1, 2, 15, 40, 300][usize::from(capacity) % 5];
        let bounds = Bounds::entries(capacity);
        Self {
            hasher: Part(PARTS[usize::from(hasher) % PARTS.len()]),
            bounds: if weight % 2 == 1 { bounds.weight(100) } else { bounds },
            keys: 3 * capacity as u64,
        }
    }
}

/// One operation: which, with which key, with which number, and what the clock says.
struct Step {
    what: u8,
    key: u64,
    number: u64,
}

impl Step {
    fn next(input: &mut Unstructured<'_>, keys: u64, now: &mut u64) -> Result<Option<Self>> {
        if input.is_empty() {
            return Ok(None);
        }
        let [what, low, high, number, ticks] = input.arbitrary::<[u8; 5]>()?;
        // Mostly it stands still; at times it jumps.
        *now += match ticks {
            0..160 => 0,
            160..250 => u64::from(ticks - 159),
            250..255 => 1 << 20,
            255 => 1 << 30,
        };
        Ok(Some(Self {
            what,
            key: u64::from(u16::from_le_bytes([low, high])) % keys,
            number: number.into(),
        }))
    }

    fn terms(&self) -> Terms {
        let terms = Terms::new().weight(u32::try_from(self.number % 5).unwrap_or_default());
        match self.number / 5 % 4 {
            0 => terms,
            1 => terms.time_to_live(self.number),
            2 => terms.time_to_live(0),
            _ => terms.time_to_live(u64::MAX),
        }
    }

    fn lifetime(&self) -> Lifetime {
        match self.number % 3 {
            0 => Lifetime::Unlimited,
            1 => Lifetime::SinceWrite(self.number),
            _ => Lifetime::SinceUse(self.number),
        }
    }
}

/// What must be known of an entry.
#[derive(Clone, Copy, Debug)]
struct Known {
    value: u64,
    deadline: Option<u64>,
    idle: bool,
    weight: u64,
}

/// What is in a map.
#[derive(Default)]
struct Model {
    entries: HashMap<u64, Known>,
    lifetime: Lifetime,
    now: u64,
    turn: u64,
}

impl Model {
    /// A new entry on these terms.
    fn known(&mut self, terms: Terms) -> Known {
        let lifetime = terms.time_to_live.map_or(self.lifetime, Lifetime::SinceWrite);
        let (ticks, idle) = match lifetime {
            Lifetime::Unlimited => (None, false),
            Lifetime::SinceWrite(ticks) => (Some(ticks), false),
            Lifetime::SinceUse(ticks) => (Some(ticks), true),
        };
        self.turn += 1;
        Known {
            value: self.turn,
            deadline: ticks.map(|ticks| self.now.saturating_add(ticks)),
            idle,
            weight: terms.weight.into(),
        }
    }

    fn live(&self, key: u64) -> Option<Known> {
        let known = self.entries.get(&key)?;
        known
            .deadline
            .is_none_or(|deadline| self.now < deadline)
            .then_some(*known)
    }

    fn hit(&mut self, key: u64) -> Option<u64> {
        let known = self.live(key)?;
        if let (true, Lifetime::SinceUse(ticks)) = (known.idle, self.lifetime) {
            let deadline = Some(self.now.saturating_add(ticks));
            self.entries.entry(key).and_modify(|known| known.deadline = deadline);
        }
        Some(known.value)
    }

    /// An entry was handed out by a call with this key.
    fn left(&mut self, key: u64, gone: u64, value: u64, reason: Reason) {
        let known = self.entries.remove(&gone).expect("it was there");
        assert_eq!(known.value, value);
        match reason {
            Reason::Replaced => assert_eq!(gone, key),
            Reason::Expired => assert!(known.deadline.is_some_and(|deadline| deadline <= self.now)),
            Reason::Evicted => {}
            other => panic!("{other:?}"),
        }
    }

    /// What the map dropped by itself was in it, and its time was over.
    fn forget<S: std::hash::BuildHasher>(&mut self, map: &BoundedMap<u64, u64, S>) {
        let now = self.now;
        self.entries.retain(|key, known| {
            let lives = known.deadline.is_none_or(|deadline| now < deadline);
            assert_eq!(map.peek(key, now), lives.then_some(&known.value));
            lives || map.deadline(key).is_some()
        });
        assert_eq!(self.entries.len(), map.len());
    }
}

/// A program on a map of numbers, against a model of it.
///
/// # Errors
///
/// The input ends within an operation.
pub fn numbers(input: &mut Unstructured<'_>) -> Result<()> {
    let setting = Setting::of(input);
    let mut map = BoundedMap::with_hasher(setting.bounds, setting.hasher.clone());
    let mut model = Model::default();
    map.set_clock(0);
    let mut now = 0;
    while let Some(step) = Step::next(input, setting.keys, &mut now)? {
        let key = step.key;
        model.now = now;
        match step.what % 16 {
            0 => assert_eq!(map.get(&key, now).copied(), model.hit(key)),
            1 => assert_eq!(map.get_mut(&key, now).map(|value| *value), model.hit(key)),
            2..6 => {
                let known = model.known(step.terms());
                map.insert_with(key, known.value, step.terms(), now, |out| {
                    model.left(key, out.key, out.value, out.reason)
                });
                model.entries.insert(key, known);
            }
            6 | 7 => {
                let hit = model.hit(key);
                match map.entry(key, now) {
                    Entry::Occupied(mut entry) => {
                        let weight = model.entries[&key].weight;
                        let known = Known {
                            weight,
                            ..model.known(Terms::new())
                        };
                        assert_eq!(Some(entry.insert(known.value)), hit);
                        model.entries.insert(key, known);
                    }
                    Entry::Vacant(entry) => {
                        assert_eq!(hit, None);
                        let known = model.known(step.terms());
                        entry.insert_with(known.value, step.terms(), |out| {
                            model.left(key, out.key, out.value, out.reason)
                        });
                        model.entries.insert(key, known);
                    }
                }
            }
            8 => {
                let known = model.live(key);
                let removed = map.remove_with(&key, now, |out| model.left(key, out.key, out.value, out.reason));
                assert_eq!(removed, known.map(|known| (key, known.value)));
                model.entries.remove(&key);
            }
            9 => {
                let ticks = step.terms().time_to_live;
                assert_eq!(map.set_time_to_live(&key, ticks, now), model.live(key).is_some());
                if model.live(key).is_some() {
                    let deadline = ticks.map(|ticks| now.saturating_add(ticks));
                    model
                        .entries
                        .entry(key)
                        .and_modify(|known| (known.deadline, known.idle) = (deadline, false));
                }
            }
            10 => {
                let most = usize::from(step.what / 16);
                let due = model.entries.keys().filter(|key| model.live(**key).is_none()).count();
                let count = map.expire_with(now, most, |gone, value| model.left(key, gone, value, Reason::Expired));
                assert_eq!(count, due.min(most));
            }
            11 if step.number % 2 == 0 => {
                let was_empty = map.is_empty();
                let out = map.evict(now);
                assert_eq!(out.is_none(), was_empty);
                if let Some(out) = out {
                    model.left(key, out.key, out.value, out.reason);
                }
            }
            11 => {
                map.retain(now, |key, _| key % 8 > 0);
                model.entries.retain(|key, _| key % 8 > 0);
            }
            12 => {
                map.set_lifetime(step.lifetime());
                model.lifetime = step.lifetime();
            }
            13 => {
                let told = map.clock().unwrap_or(0);
                now = step.number;
                for known in model.entries.values_mut() {
                    let left = |deadline: u64| now.saturating_add(deadline.saturating_sub(told));
                    known.deadline = known.deadline.map(left);
                }
                map.set_clock(now);
                model.now = now;
            }
            14 => map = map.clone(),
            _ => map.clear(),
        }
        if step.what % 16 == 15 {
            model.entries.clear();
        }
        let known = map.len();
        model.forget(&map);
        assert!(model.entries.len() <= known && known <= map.capacity());
        let weight: u64 = model.entries.values().map(|known| known.weight).sum();
        assert!(
            map.max_weight()
                .is_none_or(|most| weight <= map.weight() && map.weight() <= most)
        );
        let steps = if map.max_weight().is_some() { usize::MAX } else { 20 };
        assert!(step.what % 16 == 10 || map.stats().most_steps <= steps);
        map.reset_stats();
    }
    Ok(())
}

/// A program on a map of copied keys and one of strings, which do the same.
///
/// # Errors
///
/// The input ends within an operation.
pub fn strings(input: &mut Unstructured<'_>) -> Result<()> {
    let setting = Setting::of(input);
    // (Values so large that both have as many slots for an entry.)
    let mut strings = BoundedMap::<String, [u64; 2], Part>::with_hasher(setting.bounds, setting.hasher.clone());
    let mut map = BoundedStrMap::<[u64; 2], Part>::with_hasher(setting.bounds, setting.hasher.clone());
    let mut now = 0;
    let mut turn = 0;
    while let Some(step) = Step::next(input, setting.keys, &mut now)? {
        let key = text(step.key);
        let (mut left, mut also) = (Vec::new(), Vec::new());
        let out = |out: Displaced<String, [u64; 2]>| left.push((out.key, out.value, out.reason));
        let give = |key: &str, value: [u64; 2], reason| also.push((key.to_owned(), value, reason));
        turn += 1;
        let value = [turn; 2];
        match step.what % 12 {
            0 => assert_eq!(strings.get(&key, now), map.get(&key, now)),
            1..4 => {
                strings.insert_with(key.clone(), value, step.terms(), now, out);
                map.insert_with(&key, value, step.terms(), now, give);
            }
            4 | 5 => match (strings.entry(key.clone(), now), map.entry(&key, now)) {
                (Entry::Occupied(mut one), copied::Entry::Occupied(mut other)) => {
                    assert_eq!(one.insert(value), other.insert(value));
                }
                (Entry::Vacant(one), copied::Entry::Vacant(other)) => {
                    one.insert_with(value, step.terms(), out);
                    other.insert_with(value, step.terms(), give);
                }
                (one, _) => panic!("only one of both has {one:?}"),
            },
            6 => assert_eq!(
                strings.remove_with(&key, now, out),
                map.remove_with(&key, now, give)
                    .map(|(key, value)| (key.to_string(), value))
            ),
            7 => assert_eq!(
                strings.get_or_insert_with(key.clone(), now, || value),
                map.get_or_insert_with(&key, now, || value)
            ),
            8 if step.number % 2 == 0 => {
                left.extend(strings.evict(now).map(|out| (out.key, out.value, out.reason)));
                map.evict_with(now, |key, value, reason| also.push((key.to_owned(), value, reason)));
            }
            8 => {
                strings.retain(now, |key, _| key.len() % 5 > 0);
                map.retain(now, |key, _| key.len() % 5 > 0);
            }
            9 => {
                strings.set_lifetime(step.lifetime());
                map.set_lifetime(step.lifetime());
            }
            10 => {
                now = step.number;
                strings.set_clock(now);
                map.set_clock(now);
            }
            _ if step.number % 2 == 0 => {
                // Into others, which count anew; at times smaller ones.
                let mut bounds = setting.bounds;
                bounds.entries = bounds.entries.div_ceil(if step.key % 2 == 0 { 1 } else { 2 });
                let mut other_strings = BoundedMap::with_hasher(bounds, setting.hasher.clone());
                let mut other = BoundedStrMap::with_hasher(bounds, setting.hasher.clone());
                other_strings.append(&mut strings, now);
                other.append(&mut map, now);
                assert!(strings.is_empty() && map.is_empty());
                (strings, map) = (other_strings, other);
            }
            _ => (strings, map) = (strings.clone(), map.clone()),
        }
        assert_eq!(left, also);
        let entries = strings.iter(now).map(|(key, value)| (key.as_str(), value));
        assert!(entries.eq(map.iter(now)));
        assert_eq!(strings.stats(), map.stats());
    }
    Ok(())
}
