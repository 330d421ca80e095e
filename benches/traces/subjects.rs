//! The caches, behind one trait. Each has the same hash function, keys and values of `u64`, and its own defaults otherwise.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::ValueEnum;
use foldhash::fast::FixedState;
use serde::Serialize;

use crate::numbers::fixed;

/// A bounded cache.
///
/// `now` is for caches that are given the time; others read a clock, or know nothing of time: for these, the value is the time at which
/// the entry ends, and whoever asks looks at it.
pub(crate) trait Cache: Sized {
    /// Empty.
    fn of(capacity: usize) -> Self;

    /// Empty; what reads a clock lets each entry live for `time`.
    fn of_lives(capacity: usize, time: Duration) -> Self {
        let _ = time;
        Self::of(capacity)
    }

    fn get(&mut self, key: u64, now: u64) -> Option<u64>;

    fn insert(&mut self, key: u64, value: u64, now: u64);

    /// What is given the time lets this entry live for so many ticks.
    fn insert_for(&mut self, key: u64, value: u64, ticks: u64, now: u64) {
        let _ = ticks;
        self.insert(key, value, now);
    }

    /// Makes the value of a key that is not there. By the one call for it, of what has one.
    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> u64) {
        if self.get(key, 0).is_none() {
            self.insert(key, make(), 0);
        }
    }

    /// How many are held, after the work that was put off.
    fn entries(&mut self) -> usize;
}

/// Something that is done with a cache, whichever it is.
pub(crate) trait Work {
    type Result;
    fn with<C: Cache>(self) -> Self::Result;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    /// arenamap's `BoundedMap`
    Arenamap,
    /// moka, its cache for many threads, used by one
    Moka,
    /// mini-moka, its cache for one thread
    MiniMoka,
    /// `quick_cache`, its cache for one thread
    QuickCache,
    /// lru
    Lru,
    /// schnellru
    Schnellru,
}

impl Subject {
    /// The one that ratios are to, where it takes part.
    pub(crate) const REFERENCE: Subject = Subject::Arenamap;

    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or(String::new(), |value| value.get_name().to_owned())
    }

    pub(crate) fn run<W: Work>(self, work: W) -> W::Result {
        match self {
            Subject::Arenamap => work.with::<Bounded>(),
            Subject::Moka => work.with::<Moka>(),
            Subject::MiniMoka => work.with::<MiniMoka>(),
            Subject::QuickCache => work.with::<QuickCache>(),
            Subject::Lru => work.with::<Lru>(),
            Subject::Schnellru => work.with::<Schnellru>(),
        }
    }
}

type Bounded = arenamap::BoundedMap<u64, u64, FixedState>;

impl Cache for Bounded {
    fn of(capacity: usize) -> Self {
        Bounded::with_hasher(capacity, fixed())
    }

    fn get(&mut self, key: u64, now: u64) -> Option<u64> {
        Bounded::get(self, &key, now).copied()
    }

    fn insert(&mut self, key: u64, value: u64, now: u64) {
        Bounded::insert(self, key, value, now);
    }

    fn insert_for(&mut self, key: u64, value: u64, ticks: u64, now: u64) {
        Bounded::insert_for(self, key, value, ticks, now);
    }

    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> u64) {
        Bounded::get_or_insert_with(self, key, 0, make);
    }

    fn entries(&mut self) -> usize {
        self.len()
    }
}

type Moka = moka::sync::Cache<u64, u64, FixedState>;

impl Cache for Moka {
    fn of(capacity: usize) -> Self {
        let builder = moka::sync::Cache::builder().max_capacity(capacity as u64);
        builder.build_with_hasher(fixed())
    }

    fn of_lives(capacity: usize, time: Duration) -> Self {
        let builder = moka::sync::Cache::builder().max_capacity(capacity as u64);
        builder.time_to_live(time).build_with_hasher(fixed())
    }

    fn get(&mut self, key: u64, _: u64) -> Option<u64> {
        Moka::get(self, &key)
    }

    fn insert(&mut self, key: u64, value: u64, _: u64) {
        Moka::insert(self, key, value);
    }

    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> u64) {
        self.get_with(key, make);
    }

    fn entries(&mut self) -> usize {
        self.run_pending_tasks();
        usize::try_from(self.entry_count()).unwrap_or(usize::MAX)
    }
}

type MiniMoka = mini_moka::unsync::Cache<u64, u64, FixedState>;

impl Cache for MiniMoka {
    fn of(capacity: usize) -> Self {
        let builder = mini_moka::unsync::Cache::builder().max_capacity(capacity as u64);
        builder.build_with_hasher(fixed())
    }

    fn of_lives(capacity: usize, time: Duration) -> Self {
        let builder = mini_moka::unsync::Cache::builder().max_capacity(capacity as u64);
        builder.time_to_live(time).build_with_hasher(fixed())
    }

    fn get(&mut self, key: u64, _: u64) -> Option<u64> {
        MiniMoka::get(self, &key).copied()
    }

    fn insert(&mut self, key: u64, value: u64, _: u64) {
        MiniMoka::insert(self, key, value);
    }

    fn entries(&mut self) -> usize {
        usize::try_from(self.entry_count()).unwrap_or(usize::MAX)
    }
}

type QuickCache = quick_cache::unsync::Cache<u64, u64, quick_cache::UnitWeighter, FixedState>;

impl Cache for QuickCache {
    fn of(capacity: usize) -> Self {
        let lifecycle = quick_cache::unsync::DefaultLifecycle::default();
        QuickCache::with(capacity, capacity as u64, quick_cache::UnitWeighter, fixed(), lifecycle)
    }

    fn get(&mut self, key: u64, _: u64) -> Option<u64> {
        QuickCache::get(self, &key).copied()
    }

    fn insert(&mut self, key: u64, value: u64, _: u64) {
        QuickCache::insert(self, key, value);
    }

    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> u64) {
        let Ok(_) = QuickCache::get_or_insert_with(self, &key, || Ok::<_, Infallible>(make()));
    }

    fn entries(&mut self) -> usize {
        self.len()
    }
}

type Lru = lru::LruCache<u64, u64, FixedState>;

impl Cache for Lru {
    fn of(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).expect("capacities are not zero");
        Lru::with_hasher(capacity, fixed())
    }

    fn get(&mut self, key: u64, _: u64) -> Option<u64> {
        Lru::get(self, &key).copied()
    }

    fn insert(&mut self, key: u64, value: u64, _: u64) {
        self.put(key, value);
    }

    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> u64) {
        self.get_or_insert(key, make);
    }

    fn entries(&mut self) -> usize {
        self.len()
    }
}

type Schnellru = schnellru::LruMap<u64, u64, schnellru::ByLength, FixedState>;

impl Cache for Schnellru {
    fn of(capacity: usize) -> Self {
        let capacity = u32::try_from(capacity).expect("capacities are below 2^32");
        Schnellru::with_hasher(schnellru::ByLength::new(capacity), fixed())
    }

    fn get(&mut self, key: u64, _: u64) -> Option<u64> {
        Schnellru::get(self, &key).copied()
    }

    fn insert(&mut self, key: u64, value: u64, _: u64) {
        Schnellru::insert(self, key, value);
    }

    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> u64) {
        self.get_or_insert(key, make);
    }

    fn entries(&mut self) -> usize {
        self.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Holds;

    impl Work for Holds {
        type Result = ();

        fn with<C: Cache>(self) {
            let mut cache = C::of(100);
            assert_eq!(cache.get(1, 0), None);
            for round in 0..3 {
                for key in 0..1_000 {
                    cache.insert(key, key + 7, round);
                    assert!(cache.get(key, round).is_none_or(|value| value == key + 7));
                }
            }
            for key in 2_000..3_000 {
                let mut is_made = false;
                cache.get_or_insert_with(key, || {
                    is_made = true;
                    key + 7
                });
                assert!(is_made);
                assert!(cache.get(key, 3).is_none_or(|value| value == key + 7));
            }
            let entries = cache.entries();
            assert!((50..=100).contains(&entries), "{entries} of 100");
        }
    }

    #[test]
    fn each_holds_about_what_it_may_and_answers_right() {
        for subject in Subject::value_variants() {
            subject.run(Holds);
        }
    }
}
