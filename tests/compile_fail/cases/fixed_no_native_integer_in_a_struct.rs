arenamap::fixed_struct! { pub struct Page { bytes: u64 } }

fn main() {}
