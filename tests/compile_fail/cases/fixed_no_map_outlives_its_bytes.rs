use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    let mut bytes = vec![0; 1024];
    let map = FixedMap::<u64_le, u64_le, _>::create(&mut bytes[..], 10).unwrap();
    drop(bytes);
    println!("{}", map.len());
}
