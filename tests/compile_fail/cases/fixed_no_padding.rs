use arenamap::fixed::{u32_le, u64_le};

// Four bytes behind `port` would show what was in memory before.
arenamap::fixed_struct! { pub struct Page { bytes: u64_le, port: u32_le } }

fn main() {}
