//! This crate's own claims through `audit`, in ordinary tests that run in parallel: a warm request makes no heap call.
#![cfg(not(any(arenamap_guard, miri)))] // in guard mode each block of an arena is one of the heap

use std::collections::HashMap;

use arenamap::audit::{AllocScope, Budget, CountingAllocator};
use arenamap::{Arena, ArenaMap, ArenaPool, ArenaSet, SharedArena, SizeHint, StrMap, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// `requests` made-up log lines.
fn lines(requests: u32) -> Vec<String> {
    let line = |n: u32| {
        format!(
            "/path/{} {} {}",
            n * 7 % 40,
            [200, 304, 404, 500][n as usize % 4],
            n * 31 % 9_000
        )
    };
    (0..requests).map(line).collect()
}

/// Path, status and bytes.
fn fields(line: &str) -> (&str, u16, u64) {
    let mut fields = line.split(' ');
    let mut field = || fields.next().unwrap();
    (field(), field().parse().unwrap(), field().parse().unwrap())
}

#[test]
fn the_same_work_on_std_is_seen_to_allocate() {
    let lines = lines(300);
    let ((), allocation) = AllocScope::measure(|| {
        let mut paths: HashMap<String, HashMap<u16, u64>> = HashMap::new();
        for line in &lines {
            let (path, status, bytes) = fields(line);
            *paths.entry(path.to_owned()).or_default().entry(status).or_insert(0) += bytes;
        }
    });
    assert!(allocation.counts().allocs() > 300, "{}", allocation.counts());
    assert_eq!(allocation.counts().live(), 0);
}

#[test]
fn a_warm_request_on_a_borrowed_arena() {
    let lines = lines(300);
    let mut arena = Arena::new();
    for round in 0..5 {
        let work = || {
            let mut sizes = ArenaMap::new_in(&arena);
            let mut seen = ArenaSet::new_in(&arena);
            for line in &lines {
                let (path, status, bytes) = fields(line);
                seen.insert(path);
                *sizes.entry((path, status)).or_insert(0) += bytes;
            }
            sizes.retain(|(_, status), _| *status != 304);
            (sizes.len(), seen.len(), sizes.values().sum::<u64>())
        };
        let (sizes, seen, bytes) = if round == 0 { work() } else { assert_no_alloc!(work()) };
        assert!(sizes > 20 && seen == 40 && bytes > 100_000);
        assert_no_alloc!(arena.reset());
    }
}

#[test]
fn a_warm_request_on_a_shared_arena_with_nested_maps() {
    static POOL: ArenaPool = ArenaPool::new();
    static PATHS: SizeHint = SizeHint::new();
    let lines = lines(300);
    let work = || {
        let arena: SharedArena = POOL.checkout().share();
        let mut paths: StrMap<ArenaMap<u16, u64, _, SharedArena>, _, SharedArena> =
            StrMap::with_hint_in(&PATHS, arena.clone());
        for line in &lines {
            let (path, status, bytes) = fields(line);
            let statuses = paths.entry(path).or_insert_with(|| ArenaMap::new_in(arena.clone()));
            *statuses.entry(status).or_insert(0) += bytes;
        }
        paths.len()
    };
    assert_eq!((work(), work()), (40, 40));
    let budget = Budget::new("report").allocs(0).deallocs(0).bytes(0).peak(0).held(0);
    for _ in 0..5 {
        assert_eq!(budget.check(work), 40);
    }
}

#[test]
fn a_warm_request_across_await() {
    static POOL: ArenaPool = ArenaPool::new();
    async fn request() -> usize {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(POOL.checkout());
        for n in 0..100 {
            map.insert(n, n);
            if n % 10 == 0 {
                pause().await;
            }
        }
        map.len()
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        assert_eq!(tokio::spawn(request()).await.unwrap(), 100);
        for _ in 0..20 {
            assert_eq!(
                tokio::spawn(assert_no_alloc!(async { request().await })).await.unwrap(),
                100
            );
        }
    });
}

/// Gives way to other tasks, without the block that tokio's own call takes for it.
async fn pause() {
    let mut polled = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[cfg(feature = "fixed")]
#[test]
fn a_fixed_map_from_the_first_insert_to_the_snapshot() {
    use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u64_le};

    type Paths<M> = FixedMap<FixedStr<16>, u64_le, M>;
    let lines = lines(300);
    let memory = AlignedBytes::zeroed(Paths::<AlignedBytes>::bytes_for(64));
    let total = assert_no_alloc!({
        let mut paths = Paths::create(memory, 64).unwrap();
        for line in &lines {
            let (path, _, bytes) = fields(line);
            let slot = paths.entry(path.try_into().unwrap()).or_default().unwrap();
            *slot += bytes;
        }
        paths.remove("/path/0");
        let snapshot = paths.seal();
        let view = Paths::open(snapshot).unwrap();
        assert_eq!((view.len(), view.get("/path/0")), (39, None));
        let total = view.values().map(|bytes| bytes.to_native()).sum::<u64>();
        (total, paths) // the memory is dropped outside
    });
    assert!(total.0 > 100_000);
}
