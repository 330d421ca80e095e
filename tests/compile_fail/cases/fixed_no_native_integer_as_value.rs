use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    let _ = FixedMap::<u64_le, u64>::bytes_for(10);
}
