use arenamap::ArenaVec;

struct Reads<'a>(&'a str);

impl Drop for Reads<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let mut list = ArenaVec::new();
    let text = String::from("dropped first");
    list.push(Reads(&text));
}
