arenamap::fixed_struct! { pub struct Flag { on: bool } }

fn main() {}
