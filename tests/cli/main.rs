//! The command `arenamap` as a process: what it prints, and its exit codes.

use arenamap::PathMap;
use arenamap::fixed::{AlignedBytes, FixedBytes, FixedMap, FixedStr, IndexedMap, PathArchive, VarMap, u32_le, u64_le};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

mod formats;

arenamap::fixed_struct! {
    struct Page { site: u32_le, path: FixedStr<12> }
}

arenamap::fixed_struct! {
    checked struct Hits { count: u64_le, last: u32_le, open: bool, tags: [u8; 3] }
}

const SEED: u64 = 42;

/// A directory with archives in it, in which the command runs.
struct Place(TempDir);

/// What the command printed, and its exit code.
#[derive(Debug, PartialEq)]
struct Said {
    out: String,
    err: String,
    code: i32,
}

impl Said {
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!((self.code, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// The message of a failure with this exit code, and nothing on the standard output.
    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!((self.code, &*self.out), (code, ""), "{}", self.err);
        self.err
    }
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, b"")
    }

    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_arenamap"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // (It may end before it has read all.)
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Said {
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap(),
        }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn pages(&self, name: &str, entries: std::ops::Range<u32>) {
        let need = FixedMap::<Page, Hits>::bytes_for(10);
        let mut map = FixedMap::<Page, Hits, _>::create_seeded(AlignedBytes::zeroed(need), 10, SEED).unwrap();
        for n in entries {
            let key = Page {
                site: n.into(),
                path: FixedStr::cut("/\"é\""),
            };
            let value = Hits {
                count: u64::MAX.into(),
                last: n.into(),
                open: n == 1,
                tags: [0, u8::try_from(n).unwrap(), 255],
            };
            map.insert(key, value).unwrap();
        }
        map.publish(self.path(name)).unwrap();
    }

    fn words(&self, name: &str, pairs: &[(&str, &[u8])]) {
        let need = VarMap::<str, [u8]>::bytes_for(4, 32);
        let mut map = VarMap::<str, [u8], _>::create_seeded(AlignedBytes::zeroed(need), 4, 32, SEED).unwrap();
        for &(key, value) in pairs {
            map.insert(key, value).unwrap();
        }
        map.publish(self.path(name)).unwrap();
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path: &Path = &self.path(name);
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn info_tells_header_schema_and_fill() {
    let place = Place::new();
    place.pages("pages", 0..3);
    assert_eq!(
        place.run(&["info", "pages"]).ok(),
        "\
pages
  format     version 1, kind 0 (a table), hash function 1
  state      sealed, generation 1
  entries    3 of 10 (30 %)
  bytes      1132: header 192, tags 16, slots 12 times 32, room for texts 0, schema 540
  searches   groups per hit 1.000, longest 1; per miss 1.000, longest 1
  seed       0x000000000000002a

  a slot                offset  bytes
  key: Page                  0     16
    site: u32_le             0      4
    path: FixedStr<12>       4     12
  value: Hits               16     16
    count: u64_le           16      8
    last: u32_le            24      4
    open: bool              28      1
    tags: [u8; 3]           29      3

  layouts    key 0x27af0cc09231cc97, value 0x36af8952e6e9962d
  to build   --key 'Page { site: u32_le, path: FixedStr<12> }' --value 'Hits { count: u64_le, last: u32_le, open: bool, tags: [u8; 3] }'
"
    );
    place.words("words", &[("a", b"12345"), ("a", b"12")]);
    let info = place.run(&["info", "words"]).ok();
    assert!(
        info.contains("  texts      6 of 32 bytes used (19 %), of these 3 garbage (50 %)\n"),
        "{info}"
    );
}

/// The README shows what the command says.
#[test]
fn the_readme_is_true() {
    let readme = include_str!("../../README.md");
    let between = |from: &str, to: &str| readme.split(from).nth(1).unwrap().split(to).next().unwrap();
    let place = Place::new();
    place.write(
        "pages.jsonl",
        r#"{"key": {"site": 1, "path": "/"}, "value": {"count": 812, "last": 1764425000, "gap": [0,0,0,0]}}
{"key": {"site": 1, "path": "/index.html"}, "value": {"count": 77, "last": 1764425190, "gap": [0,0,0,0]}}
{"key": [2, "/"], "value": [5, 1764420000, "hex:00000000"]}
"#,
    );
    let command = between("arenamap build ", "\narenamap info").replace("\\\n", " ");
    let mut arguments = vec!["build"];
    for (i, part) in command.split('\'').enumerate() {
        if i % 2 == 0 {
            arguments.extend(part.split_whitespace());
        } else {
            arguments.push(part);
        }
    }
    place.run(&arguments).ok();
    let shown = between("<!-- command: begin -->\n```text\n", "```\n<!-- command: end -->");
    assert_eq!(place.run(&["info", "pages.amap"]).ok(), shown);
}

#[test]
fn dump_prints_json_and_csv() {
    let place = Place::new();
    place.pages("pages", 0..2);
    assert_eq!(
        place.run(&["dump", "pages"]).ok(),
        r#"{"key":{"site":0,"path":"/\"é\""},"value":{"count":18446744073709551615,"last":0,"open":false,"tags":"hex:0000ff"}}
{"key":{"site":1,"path":"/\"é\""},"value":{"count":18446744073709551615,"last":1,"open":true,"tags":"hex:0001ff"}}
"#
    );
    assert_eq!(
        place.run(&["dump", "--format", "csv", "pages"]).ok(),
        r#"key.site,key.path,value.count,value.last,value.open,value.tags
0,"/""é""",18446744073709551615,0,false,hex:0000ff
1,"/""é""",18446744073709551615,1,true,hex:0001ff
"#
    );
}

#[test]
fn get_takes_keys_of_every_form() {
    let place = Place::new();
    place.pages("pages", 0..2);
    let value = "{\"count\":18446744073709551615,\"last\":1,\"open\":true,\"tags\":\"hex:0001ff\"}\n";
    for key in [r#"{"site": 1, "path": "/\"é\""}"#, r#"[1, "/\"é\""]"#] {
        assert_eq!(place.run(&["get", "pages", key]).ok(), value);
    }
    assert_eq!(
        place.run(&["get", "pages", r#"[7, ""]"#]).failed(1),
        "arenamap: pages: the key is not there\n"
    );
    assert_eq!(
        place.run(&["get", "pages", "1"]).failed(2),
        "arenamap: KEY, of type `Page { site: u32_le, path: FixedStr<12> }`: expected an object with the fields of Page { site: u32_le, \
         path: FixedStr<12> }, or a list of these 2 values, found 1\n"
    );
    assert_eq!(
        place.run(&["get", "pages", r#"[1, "longer than eleven"]"#]).failed(2),
        "arenamap: KEY, of type `Page { site: u32_le, path: FixedStr<12> }`: .path: 18 bytes, but FixedStr<12> takes 11; build with a larger \
         one, or cut the text\n"
    );
    place.words("words", &[("-x", b"\xff\x00"), ("", b"text")]);
    assert_eq!(place.run(&["get", "words", "-x"]).ok(), "\"hex:ff00\"\n");
    assert_eq!(place.run(&["get", "words", ""]).ok(), "\"text\"\n");

    let mut map = FixedMap::<FixedBytes<4>, (), _>::create(AlignedBytes::zeroed(1024), 1).unwrap();
    map.insert(FixedBytes::new(&[0xff]).unwrap(), ()).unwrap();
    map.publish(place.path("bytes")).unwrap();
    assert_eq!(place.run(&["get", "bytes", "hex:ff"]).ok(), "null\n");
}

#[test]
fn verify_tells_what_is_damaged() {
    let place = Place::new();
    place.pages("good", 0..3);
    place.words("words", &[("a", b"12345")]);
    place.pages("bad", 0..3);
    place.change("bad", |bytes| bytes[300] ^= 1);
    assert_eq!(
        place.run(&["verify", "good", "words"]).ok(),
        "good: good, 3 entries, sealed\nwords: good, 1 entry, sealed\n"
    );
    let said = place.run(&["verify", "good", "bad"]);
    assert_eq!(said.code, 1);
    assert!(said.out.starts_with("good: good"), "{}", said.out);
    assert!(
        said.out.contains("bad: the checksum of the content is 0x"),
        "{}",
        said.out
    );
    place.write("text", "hello");
    assert!(
        place
            .run(&["verify", "text"])
            .out
            .contains("this is no archive of arenamap")
    );
    place.change("words", |bytes| bytes.truncate(5));
    assert!(place.run(&["verify", "words"]).out.contains("it was cut off"));
    // Other commands look, too, unless they are told not to.
    assert!(place.run(&["dump", "bad"]).failed(1).contains("checksum"));
    assert!(place.run(&["get", "bad", "[1, \"/\"]"]).failed(1).contains("checksum"));
    assert!(place.run(&["diff", "good", "bad"]).failed(1).contains("checksum"));
    assert_eq!(place.run(&["dump", "--unverified", "bad"]).code, 0);

    // A value that is none: left out, and said.
    place.change("bad", |bytes| {
        let at = bytes.windows(4).position(|bytes| bytes == [1, 0, 1, 255]).unwrap();
        bytes[at] = 7;
    });
    let said = place.run(&["dump", "--unverified", "bad"]);
    assert_eq!(
        (said.code, said.out.lines().count(), &*said.err),
        (
            1,
            2,
            "arenamap: bad: 1 entry left out, which is not valid for its types\n"
        )
    );
}

#[test]
fn files_that_are_none_are_refused() {
    let place = Place::new();
    place.write("empty", "");
    place.write("small.png", b"\x89PNG\r\n\x1a\n0000");
    place.write("large.png", [&b"\x89PNG\r\n\x1a\n"[..], &[7; 1000]].concat());
    fs::create_dir(place.path("directory")).unwrap();
    place.pages("cut", 0..3);
    place.change("cut", |bytes| bytes.truncate(500));
    place.pages("long", 0..3);
    place.change("long", |bytes| bytes.push(0));
    place.pages("header", 0..3);
    place.change("header", |bytes| bytes[64] ^= 1);
    for command in ["info", "dump", "recover --in-place", "verify"] {
        let run = |file: &str, code: i32, message: &str| {
            let arguments: Vec<_> = command.split(' ').chain([file]).collect();
            let said = place.run(&arguments);
            let text = format!("{}{}", said.out, said.err);
            assert_eq!(said.code, code, "{command} {file}: {text}");
            assert!(text.contains(message), "{command} {file}: {text}");
        };
        run("empty", 1, "empty: the file has 0 bytes of the 192 of its archive");
        run("small.png", 2, "small.png: this is no archive of arenamap");
        run("large.png", 2, "large.png: this is no archive of arenamap");
        run("directory", 2, "directory: the path leads to no regular file");
        run("nothing", 2, "nothing: failed to open the file");
        run("cut", 1, "cut: the file has 500 bytes of the 1132 of its archive");
        run("long", 1, "long: the file has 1133 bytes, its archive ends after 1132");
        run("header", 1, "header: the header's checksum is 0x");
    }
    assert_eq!(place.run(&["nothing"]).code, 2);
    assert_eq!(place.run(&["recover", "cut"]).code, 2); // neither --out nor --in-place
    for command in ["info", "get", "dump", "verify", "recover", "build", "diff"] {
        let help = place.run(&["help", command]).ok();
        assert!(
            help.contains("Usage: arenamap") && help.contains(&format!("arenamap {command} ")),
            "{help}"
        );
    }
}

#[test]
fn diff_shows_what_was_added_removed_and_changed() {
    let place = Place::new();
    place.words("old", &[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    place.words("new", &[("a", b"1"), ("b", b"\xff"), ("d", b"4")]);
    let said = place.run(&["diff", "old", "new"]);
    assert_eq!(
        said.out,
        "~ {\"key\":\"b\",\"old\":\"2\",\"new\":\"hex:ff\"}\n- {\"key\":\"c\",\"value\":\"3\"}\n+ {\"key\":\"d\",\"value\":\"4\"}\n\
         1 added, 1 removed, 1 changed, 1 the same\n"
    );
    assert_eq!((said.code, &*said.err), (1, ""));
    assert_eq!(
        place.run(&["diff", "old", "old"]).ok(),
        "0 added, 0 removed, 0 changed, 3 the same\n"
    );
    let mut map = FixedMap::<u64_le, u64_le, _>::create_seeded(AlignedBytes::zeroed(1024), 4, 1).unwrap();
    map.publish(place.path("numbers")).unwrap();
    let said = place.run(&["diff", "old", "numbers"]);
    assert_eq!(
        said.out,
        "header: seed 0x000000000000002a -> 0x0000000000000001\nheader: room for texts 32 -> 0\n\
         type of the key:\n- str\n+ u64_le\ntype of the value:\n- [u8]\n+ u64_le\n\
         the entries are not compared: the keys are of two types\n"
    );
    assert_eq!(said.code, 1);
    // Other values, the same keys.
    let mut map = VarMap::<str, u64_le, _>::create_seeded(AlignedBytes::zeroed(1024), 4, 32, SEED).unwrap();
    map.insert("a", 1.into()).unwrap();
    map.publish(place.path("counts")).unwrap();
    let said = place.run(&["diff", "counts", "old"]);
    assert!(
        said.out
            .ends_with("2 added, 0 removed, 1 in both, whose values are of two types and not compared\n"),
        "{}",
        said.out
    );
    assert_eq!(said.code, 1);
}

#[test]
fn recover_keeps_what_is_whole() {
    let place = Place::new();
    place.pages("pages", 0..5);
    place.pages("damaged", 0..5);
    // One value that is none, and a length that lies.
    place.change("damaged", |bytes| {
        let at = bytes.windows(4).position(|bytes| bytes == [1, 0, 1, 255]).unwrap();
        bytes[at] = 7;
        bytes[128] = 9;
    });
    let before = fs::read(place.path("damaged")).unwrap();
    assert_eq!(
        place.run(&["recover", "damaged", "--out", "whole"]).ok(),
        "whole: 4 entries kept of 9 claimed, 1 lost, 0 unfinished writes cleared; the checksum did not match: values may have changed\n"
    );
    assert_eq!(fs::read(place.path("damaged")).unwrap(), before);
    assert_eq!(place.run(&["verify", "whole"]).ok(), "whole: good, 4 entries, sealed\n");
    let map = FixedMap::<Page, Hits>::read_file(place.path("whole")).unwrap();
    assert_eq!((map.len(), map.generation()), (4, 2));
    assert!(
        place
            .run(&["diff", "pages", "whole"])
            .out
            .ends_with("0 added, 1 removed, 0 changed, 4 the same\n")
    );
    assert_eq!(
        place.run(&["recover", "damaged", "--in-place"]).ok(),
        "damaged: 4 entries kept of 9 claimed, 1 lost, 0 unfinished writes cleared; the checksum did not match: values may have changed\n"
    );
    assert!(
        place
            .run(&["diff", "whole", "damaged"])
            .ok()
            .ends_with("0 added, 0 removed, 0 changed, 4 the same\n")
    );
    // What is whole has nothing to say.
    assert_eq!(
        place.run(&["recover", "whole", "--in-place"]).ok(),
        "whole: 4 entries kept of 4 claimed, 0 lost, 0 unfinished writes cleared\n"
    );
    // Nothing is left beside them.
    let mut names: Vec<_> = fs::read_dir(place.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["damaged", "pages", "whole"]);
}

#[test]
fn indexed_archives_are_shown_and_compared() {
    let place = Place::new();
    let pairs = || (0..3_u8).map(|n| (u64_le::from_native(n.into()), u64_le::from_native((n * n).into())));
    let indexed = IndexedMap::<u64_le, u64_le>::try_from_entries(pairs()).unwrap();
    place.write("indexed", indexed.as_bytes());
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 3).unwrap();
    pairs().for_each(|(key, value)| assert!(map.insert(key, value).unwrap().is_none()));
    map.publish(place.path("table")).unwrap();
    let info = place.run(&["info", "indexed"]).ok();
    assert!(
        info.contains("kind 1 (indexed)") && info.contains("one slot for each key") && info.contains("3 of 3 (100 %)"),
        "{info}"
    );
    assert_eq!(place.run(&["get", "indexed", "2"]).ok(), "4\n");
    assert_eq!(place.run(&["dump", "indexed"]).ok().lines().count(), 3);
    assert_eq!(
        place.run(&["verify", "indexed"]).ok(),
        "indexed: good, 3 entries, sealed\n"
    );
    let diff = place.run(&["diff", "indexed", "table"]).ok();
    assert!(diff.ends_with("0 added, 0 removed, 0 changed, 3 the same\n"), "{diff}");
    assert!(
        place
            .run(&["recover", "indexed", "--out", "x"])
            .failed(2)
            .contains("kind 1, an `IndexedMap`: an indexed archive cannot be repaired")
    );
}

#[test]
fn indexed_archives_of_texts_are_shown_and_compared() {
    let place = Place::new();
    let pairs = [("motd", "Welcome"), ("name", "é"), ("empty", "")];
    let table = VarMap::<str, str>::from_pairs(pairs).unwrap();
    place.write("table", table.as_bytes());
    let indexed = table.try_index().unwrap();
    place.write("indexed", indexed.as_bytes());
    let info = place.run(&["info", "indexed"]).ok();
    assert!(
        info.contains("kind 1 (indexed)") && info.contains("22 of 22 bytes used (100 %)"),
        "{info}"
    );
    assert_eq!(place.run(&["get", "indexed", "name"]).ok(), "\"é\"\n");
    assert_eq!(place.run(&["dump", "indexed"]).ok().lines().count(), 3);
    assert_eq!(
        place.run(&["verify", "indexed"]).ok(),
        "indexed: good, 3 entries, sealed\n"
    );
    let diff = place.run(&["diff", "indexed", "table"]).ok();
    assert!(diff.ends_with("0 added, 0 removed, 0 changed, 3 the same\n"), "{diff}");
    let text = indexed
        .as_bytes()
        .windows(7)
        .position(|bytes| bytes == b"Welcome")
        .unwrap();
    let mut bytes = indexed.as_bytes().to_vec();
    bytes[text] = 0xFF;
    place.write("damaged", &bytes);
    let said = place.run(&["verify", "damaged"]);
    assert!(said.code == 1 && said.out.contains("checksum"), "{}", said.out);
}

#[test]
fn archives_of_paths_are_shown_by_their_paths() {
    let place = Place::new();
    let mut map: PathMap<str, u32> = [("a/b", 1), ("a/é\"", 2), ("c", 3)]
        .into_iter()
        .map(|(path, value)| (path.split('/'), value))
        .collect();
    let publish = |map: &PathMap<str, u32>, name| {
        let mut archive = PathArchive::<str, u32_le>::from_map(map).unwrap();
        archive.publish(place.path(name)).unwrap();
    };
    publish(&map, "old");
    map.insert(["a", "b"], 7);
    map.remove(["c"]);
    map.insert(["a"], 9);
    publish(&map, "new");

    let info = place.run(&["info", "old"]).ok();
    assert!(
        info.contains("3 values in 5 levels") && info.contains("parent: PathNode"),
        "{info}"
    );
    assert_eq!(place.run(&["get", "old", r#"["a", "b"]"#]).ok(), "1\n");
    assert_eq!(place.run(&["get", "new", r#"["a"]"#]).ok(), "9\n");
    for key in [r#"["a"]"#, r#"["a", "x"]"#, "[]"] {
        assert_eq!(
            place.run(&["get", "old", key]).failed(1),
            "arenamap: old: the key is not there\n"
        );
    }
    assert!(
        place
            .run(&["get", "old", "a"])
            .failed(2)
            .contains("a JSON list of the parts")
    );
    let sorted = |text: String| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(
        sorted(place.run(&["dump", "old"]).ok()),
        [
            r#"{"path":["a","b"],"value":1}"#,
            r#"{"path":["a","é\""],"value":2}"#,
            r#"{"path":["c"],"value":3}"#
        ]
    );
    assert!(
        place
            .run(&["dump", "--format", "csv", "old"])
            .ok()
            .contains("\"[\"\"a\"\",\"\"b\"\"]\",1\n")
    );
    assert_eq!(
        place.run(&["verify", "old"]).ok(),
        "old: good, 3 values at 5 levels, sealed\n"
    );
    publish(&PathMap::from_iter([([""; 0], 1)]), "one");
    assert_eq!(
        place.run(&["verify", "one"]).ok(),
        "one: good, 1 value at 1 level, sealed\n"
    );
    assert!(place.run(&["info", "one"]).ok().contains("1 value in 1 level;"));
    assert_eq!(
        place.run(&["build", "-", "x", "--schema-of", "old"]).failed(2),
        "arenamap: old: an archive of paths: `--tree` makes one with the same types\n"
    );
    let diff = place.run(&["diff", "old", "new"]);
    assert_eq!(diff.code, 1);
    let lines = sorted(diff.out);
    for line in [
        r#"+ {"path":["a"],"value":9}"#,
        r#"- {"path":["c"],"value":3}"#,
        r#"~ {"path":["a","b"],"old":1,"new":7}"#,
        "1 added, 1 removed, 1 changed, 1 the same",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line}: {lines:?}");
    }
    let refused = place.run(&["recover", "old", "--out", "x"]).failed(2);
    assert!(refused.contains("make it anew of a `PathMap`"), "{refused}");
    // The link to the root.
    place.change("old", |bytes| {
        let root = 192 + 16 + 12 * 24;
        bytes[root] = 99;
        bytes[144..152].copy_from_slice(b"open map");
    });
    let broken = place.run(&["verify", "old"]);
    assert!(broken.out.contains("leads to level 99"), "{broken:?}");
}
