use arenamap::PathMap;

fn main() {
    let mut map = PathMap::<str, u32>::new();
    map.insert(["a", "b"], 1);
    let (path, value) = map.iter().next().unwrap();
    map.remove(["a", "b"]);
    println!("{path:?} = {value}");
}
