use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    // Its bytes are other ones on other machines.
    let _ = FixedMap::<u64, u64_le>::bytes_for(10);
}
