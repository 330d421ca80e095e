//! What `build` takes and `dump` gives.

use super::{Place, SEED};
use arenamap::PathMap;
use arenamap::fixed::{
    AlignedBytes, FixedMap, FixedStr, IndexedMap, PathArchive, VarMap, f32_le, f64_le, i128_le, u32_le, u64_le, u128_le,
};
use std::fs;

arenamap::fixed_struct! {
    struct Numbers { a: u128_le, b: i128_le, c: u64_le, d: f64_le, e: f32_le, f: [u8; 4], g: i8, h: [i8; 7] }
}

const NUMBERS: &str = "Numbers { a: u128, b: i128, c: u64, d: f64, e: f32, f: [u8; 4], g: i8, h: [i8; 7] }";

/// Dumps an archive, builds another one of that, and compares the two.
#[track_caller]
fn round_trip(place: &Place, name: &str, format: &str) -> String {
    let dump = place.run(&["dump", "--format", format, name]).ok();
    let built = place.run_with(
        &["build", "-", "again", "--schema-of", name, "--format", format],
        dump.as_bytes(),
    );
    assert_eq!(built.code, 0, "{}", built.err);
    let diff = place.run(&["diff", name, "again"]);
    assert_eq!(diff.code, 0, "{}", diff.out);
    assert!(diff.out.contains("0 added, 0 removed, 0 changed"), "{}", diff.out);
    dump
}

#[test]
fn numbers_at_their_limits_come_back() {
    let place = Place::new();
    let number = |a, b: i128, d: f64, e: f32, n| Numbers {
        a: u128::into(a),
        b: b.into(),
        c: u64::MAX.into(),
        d: d.into(),
        e: e.into(),
        f: [n; 4],
        g: i8::MIN,
        h: [-1; 7],
    };
    let odd_nan = f64::from_bits(f64::NAN.to_bits() | 7);
    let values = [
        number(u128::MAX, i128::MIN, f64::MAX, f32::MIN_POSITIVE / 8.0, 0),
        number(0, i128::MAX, 5e-324, f32::MAX, 255),
        number(1, -1, f64::NAN, f32::INFINITY, 1),
        number(1, -1, odd_nan, f32::NEG_INFINITY, 1),
        number(1, -1, -0.0, 0.1, 1),
    ];
    let need = FixedMap::<u64_le, Numbers>::bytes_for(8);
    let mut map = FixedMap::<u64_le, Numbers, _>::create_seeded(AlignedBytes::zeroed(need), 8, SEED).unwrap();
    for (key, value) in (0_u64..).zip(values) {
        map.insert(key.into(), value).unwrap();
    }
    map.publish(place.path("numbers")).unwrap();
    let json = round_trip(&place, "numbers", "json");
    let line = |key: u64| {
        let mark = format!("{{\"key\":{key},");
        json.lines().find(|line| line.starts_with(&mark)).unwrap().to_owned()
    };
    assert_eq!(
        line(0),
        "{\"key\":0,\"value\":{\"a\":\"340282366920938463463374607431768211455\",\"b\":\"-170141183460469231731687303715884105728\",\
         \"c\":18446744073709551615,\"d\":1.7976931348623157e308,\"e\":1.469368e-39,\"f\":\"hex:00000000\",\"g\":-128,\
         \"h\":[-1,-1,-1,-1,-1,-1,-1]}}"
    );
    assert!(line(2).contains("\"d\":\"NaN\",\"e\":\"inf\""), "{}", line(2));
    assert!(
        line(3).contains("\"d\":\"hex:070000000000f87f\",\"e\":\"-inf\""),
        "{}",
        line(3)
    );
    assert!(line(4).contains("\"d\":-0.0,\"e\":0.1"), "{}", line(4));
    // Each line is JSON for other readers, too.
    for line in json.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let csv = round_trip(&place, "numbers", "csv");
    assert!(csv.contains(",\"[-1,-1,-1,-1,-1,-1,-1]\"\n"), "{csv}");
    assert_eq!(
        place
            .run(&["info", "numbers"])
            .ok()
            .matches(NUMBERS.split(' ').next().unwrap())
            .count(),
        2
    );
}

#[test]
fn texts_and_bytes_of_all_kinds_come_back() {
    let place = Place::new();
    let texts = [
        "",
        "a,b",
        "\"quoted\"",
        "two\nlines\r\n",
        " é 日本 ",
        "hex:00",
        "\u{0}\u{1b}[31m",
        "null",
        "1",
    ];
    let need = VarMap::<str, [u8]>::bytes_for(20, 500);
    let mut map = VarMap::<str, [u8], _>::create_seeded(AlignedBytes::zeroed(need), 20, 500, SEED).unwrap();
    for text in texts {
        map.insert(text, text.as_bytes()).unwrap();
    }
    map.insert("bytes", &[0xff, 0, 10]).unwrap();
    map.publish(place.path("texts")).unwrap();
    for format in ["json", "csv"] {
        let dump = round_trip(&place, "texts", format);
        assert!(!dump.contains('\u{1b}') || format == "csv", "{dump}");
        let again = VarMap::<str, [u8]>::read_file(place.path("again")).unwrap();
        for text in texts {
            assert_eq!(again.get(text), Some(text.as_bytes()));
        }
        assert_eq!(again.get("bytes"), Some(&[0xff, 0, 10][..]));
    }
}

#[test]
fn what_is_built_opens_with_the_types() {
    let place = Place::new();
    place.write(
        "in.jsonl",
        "{\"key\": \"a\", \"value\": 1}\n\n{\"value\": \"2\", \"key\": \"b\"}",
    );
    let types = ["--key", "FixedStr<8>", "--value", "u64"];
    let build = |more: &[&str]| place.run(&[&["build", "in.jsonl", "out"][..], &types, more].concat());
    assert_eq!(
        build(&["--seed", "42"]).ok(),
        "out: 2 entries of 2, 494 bytes, generation 1\n"
    );
    let mut map = FixedMap::<FixedStr<8>, u64_le, _>::create_seeded(AlignedBytes::zeroed(1024), 2, 42).unwrap();
    map.insert(FixedStr::cut("a"), 1.into()).unwrap();
    map.insert(FixedStr::cut("b"), 2.into()).unwrap();
    map.publish(place.path("typed")).unwrap();
    assert_eq!(
        fs::read(place.path("out")).unwrap(),
        fs::read(place.path("typed")).unwrap()
    );
    assert_eq!(
        build(&["--capacity", "100"]).ok(),
        "out: 2 entries of 100, 2990 bytes, generation 2\n"
    );
    assert_eq!(
        build(&["--capacity", "1"]).failed(2),
        "arenamap: out: there are more entries than the capacity of 1; ask for more by `--capacity`\n"
    );
    // What was there is there still.
    assert_eq!(
        FixedMap::<FixedStr<8>, u64_le>::read_file(place.path("out"))
            .unwrap()
            .len(),
        2
    );

    place.write("in.csv", "value,key\n7,x\n");
    assert_eq!(
        place.run(&[&["build", "in.csv", "csv"][..], &types].concat()).ok(),
        "csv: 1 entry of 1, 494 bytes, generation 1\n"
    );
    assert_eq!(place.run(&["get", "csv", "x"]).ok(), "7\n");

    place.write("none", "");
    assert_eq!(
        place.run(&[&["build", "none", "none.amap"][..], &types].concat()).ok(),
        "none.amap: 0 entries of 0, 494 bytes, generation 1\n"
    );
}

#[test]
fn indexed_archives_are_built_as_by_the_types() {
    let place = Place::new();
    place.write(
        "in.jsonl",
        "{\"key\": 3, \"value\": 9}\n{\"key\": 4, \"value\": 16}\n{\"key\": 5, \"value\": 25}\n",
    );
    let numbers = [
        "build",
        "in.jsonl",
        "out",
        "--key",
        "u64",
        "--value",
        "u64",
        "--indexed",
    ];
    let build = |more: &[&str]| place.run(&[&numbers[..], more].concat());
    let said = build(&["--seed", "42"]).ok();
    let squares = (3..6_u8).map(|n| (u64::from(n).into(), u64::from(n * n).into()));
    let mut scratch = vec![0; IndexedMap::<u64_le, u64_le>::scratch_words(3)];
    let memory = AlignedBytes::zeroed(IndexedMap::<u64_le, u64_le>::bytes_for(3));
    let typed = IndexedMap::<u64_le, u64_le, _>::from_entries_in(memory, &mut scratch, 42, squares).unwrap();
    assert_eq!(
        said,
        format!("out: 3 entries of 3, {} bytes, generation 1\n", typed.as_bytes().len())
    );
    typed.publish(place.path("typed")).unwrap();
    assert_eq!(
        fs::read(place.path("out")).unwrap(),
        fs::read(place.path("typed")).unwrap()
    );
    assert!(
        place
            .run(&["info", "out"])
            .ok()
            .ends_with("--value 'u64_le' --indexed\n")
    );
    assert_eq!(place.run(&["verify", "out"]).ok(), "out: good, 3 entries, sealed\n");

    // Texts, from a table of the same types, which is replaced.
    place.words("words", &[("a", b"12345"), ("bc", b"\xff"), ("", b"")]);
    let dump = place.run(&["dump", "words", "--format", "csv"]).ok();
    let types = ["--schema-of", "words", "--format", "csv", "--indexed"];
    let said = place.run_with(&[&["build", "-", "words"][..], &types].concat(), dump.as_bytes());
    assert!(said.ok().ends_with("generation 2\n"));
    let words = IndexedMap::<str, [u8]>::read_file(place.path("words")).unwrap();
    assert_eq!(
        ["a", "bc", "", "b"].map(|key| words.get(key)),
        [Some(&b"12345"[..]), Some(b"\xff"), Some(b""), None]
    );
    // And back: the types of an indexed archive are types like others.
    let types = ["--schema-of", "words", "--format", "csv"];
    place
        .run_with(&[&["build", "-", "table"][..], &types].concat(), dump.as_bytes())
        .ok();
    assert!(place.run(&["info", "table"]).ok().contains("kind 0 (a table)"));
    let diff = place.run(&["diff", "words", "table"]).ok();
    assert!(diff.ends_with("0 added, 0 removed, 0 changed, 3 the same\n"), "{diff}");

    // What is wrong is said as of a table, and leaves what was there.
    place.write("twice", "{\"key\": 1, \"value\": 1}\n{\"key\": 1, \"value\": 2}\n");
    let twice = ["build", "twice", "out", "--key", "u64", "--value", "u64", "--indexed"];
    assert_eq!(
        place.run(&twice).failed(2),
        "arenamap: twice: line 2: the key of line 1 is there again; `--duplicates first` or `last` takes one of them\n"
    );
    let said = place.run(&[&twice[..], &["--duplicates", "last"]].concat());
    assert!(said.ok().starts_with("out: 1 entry of 1"));
    assert_eq!(place.run(&["get", "out", "1"]).ok(), "2\n");
    assert!(build(&["--capacity", "7"]).failed(2).contains("cannot be used with"));
    place.write("none", "");
    let none = ["build", "none", "new", "--key", "str", "--value", "str", "--indexed"];
    assert!(place.run(&none).ok().starts_with("new: 0 entries of 0"));
    assert_eq!(place.run(&["verify", "new"]).ok(), "new: good, 0 entries, sealed\n");
    assert!(place.run(&["help", "build"]).ok().contains("--indexed"));
}

#[test]
fn archives_of_paths_are_built_of_lines_and_of_nested_objects() {
    let place = Place::new();
    let nested = r#"{
        "service": {"motd": "Hello", "log": {"level": "info", "": "é\""}},
        "name": "x", "empty": {}
    }"#;
    place.write("config.json", nested);
    let types = ["--tree", "--key", "str", "--value", "str", "--seed", "42"];
    let build = |input: &str, out: &str, more: &[&str]| place.run(&[&["build", input, out][..], &types, more].concat());
    let map: PathMap<str, &str> = [
        (&["service", "motd"][..], "Hello"),
        (&["service", "log", "level"], "info"),
        (&["service", "log", ""], "é\""),
        (&["name"], "x"),
    ]
    .into_iter()
    .map(|(path, value)| (path.iter().copied(), value))
    .collect();
    let need = {
        let (levels, texts) = PathArchive::<str, str>::measure(&map);
        PathArchive::<str, str>::bytes_for(levels, texts)
    };
    let mut typed = PathArchive::<str, str, _>::snapshot_seeded(AlignedBytes::zeroed(need), &map, 42).unwrap();
    typed.publish(place.path("typed")).unwrap();
    assert_eq!(
        build("config.json", "out", &["--format", "nested", "--allow-empty"]).ok(),
        format!("out: 4 values at 7 levels, {need} bytes, generation 1\n")
    );
    let typed = fs::read(place.path("typed")).unwrap();
    assert!(fs::read(place.path("out")).unwrap() == typed);
    assert_eq!(
        place.run(&["get", "out", r#"["service", "log", "level"]"#]).ok(),
        "\"info\"\n"
    );
    let info = place.run(&["info", "out"]).ok();
    assert!(
        info.contains("kind 0 (a table, of a tree)")
            && info.ends_with("  to build   --key 'str' --value 'str' --tree\n"),
        "{info}"
    );

    // What `dump` prints is read again, with the types of what was dumped.
    let dump = place.run(&["dump", "out"]).ok();
    let again = ["build", "-", "again", "--tree", "--schema-of", "out"];
    place.run_with(&again, dump.as_bytes()).ok();
    let diff = place.run(&["diff", "out", "again"]).ok();
    assert!(diff.ends_with("0 added, 0 removed, 0 changed, 4 the same\n"), "{diff}");

    // Numbers, and a level with a value and levels below, the empty path among them.
    let lines = "{\"path\": [], \"value\": 1}\n{\"path\": [7], \"value\": 2}\n{\"path\": [7, \"8\"], \"value\": 3}\n";
    let numbers = ["build", "-", "numbers", "--tree", "--key", "u32", "--value", "u64"];
    assert!(
        place
            .run_with(&numbers, lines.as_bytes())
            .ok()
            .starts_with("numbers: 3 values at 3 levels, ")
    );
    let archive = PathArchive::<u32_le, u64_le>::read_file(place.path("numbers")).unwrap();
    assert_eq!(archive.get::<u32, _>(&[7, 8]), Some(&3.into()));
    assert_eq!(archive.get::<u32, _>(&[]), Some(&1.into()));
    assert_eq!(archive.get::<u32, _>(&[8]), None);

    // Structs as lists.
    place.write("points.json", r#"{"a": {"b": [1, 2]}}"#);
    let points = ["build", "points.json", "points", "--tree", "--format", "nested"];
    let types = ["--key", "str", "--value", "Point { x: u32, y: u32 }"];
    place.run(&[&points[..], &types].concat()).ok();
    assert_eq!(
        place.run(&["dump", "points"]).ok(),
        "{\"path\":[\"a\",\"b\"],\"value\":{\"x\":1,\"y\":2}}\n"
    );
}

#[test]
fn what_is_no_tree_says_where() {
    let place = Place::new();
    place.write("pages.amap", "kept");
    let build = |input: &str, more: &[&str]| {
        let types = ["build", "-", "pages.amap", "--tree", "--key", "str", "--value", "u8"];
        place.run_with(&[&types[..], more].concat(), input.as_bytes()).failed(2)
    };
    for (input, said) in [
        (
            "{\"path\": [\"a\"], \"value\": 1}\n{\"path\": [\"a\"], \"value\": 2}",
            "line 2: the path [\"a\"] is there again; `--duplicates first` or `last` takes one of them",
        ),
        (
            "{\"path\": \"a\", \"value\": 1}",
            "line 1: path: this is no list of parts",
        ),
        ("{\"value\": 1}", "line 1: the field `path` is missing, a list of parts"),
        (
            "{\"key\": 1, \"value\": 1}",
            "line 1: unknown field `key`; a line is {\"path\": [...], \"value\": ...}",
        ),
        ("{\"path\": [\"a\", 1], \"value\": 1}", "line 1: path[1]: 1 is no str"),
        (
            "{\"path\": [\"a\"], \"value\": 256}",
            "line 1: value: 256 is no u8: it is out of range",
        ),
        ("", "pages.amap: no entries"),
    ] {
        let found = build(input, &[]);
        assert!(
            found.starts_with(&format!("arenamap: standard input: {said}")),
            "{input}: {found}"
        );
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128));
    for (input, said) in [
        (
            "[1]",
            "line 1: no JSON object, whose fields are the first parts of the paths",
        ),
        (
            "{\"a\": {\"b\": 1},\n \"a\": {\"b\": 2}}",
            "line 2: the path [\"a\",\"b\"] is there again",
        ),
        ("\n{\"a\": {\"b\": \"c\"}}", "line 2: [\"a\",\"b\"]: `c` is no u8\n"),
        ("{\"a\": {\"b\": 1}", "no JSON: EOF"),
        ("{}", "pages.amap: no entries"),
        (
            "{\"a\": {\"b\": 1,\n\n \"c\": {}}}",
            "line 3: [\"a\",\"c\"]: an object without fields, which an archive of paths has no place for",
        ),
        (
            &deep,
            "line 1: [\"a\",\"a\",\"a\"]: more than 127 objects inside each other",
        ),
    ] {
        let found = build(input, &["--format", "nested"]);
        assert!(
            found.starts_with(&format!("arenamap: standard input: {said}")),
            "{input}: {found}"
        );
    }
    let numbers = ["--format", "nested", "--key", "u8", "--value", "u8"];
    let said = place.run_with(
        &[&["build", "-", "x", "--tree"][..], &numbers].concat(),
        b"{\"1\": 1,\n\"a\": 1}",
    );
    assert!(said.failed(2).contains("standard input: line 2: the part \"a\": "));
    let said = place.run_with(
        &[&["build", "-", "x", "--tree"][..], &numbers].concat(),
        b"{\n\"\xFF\": 1}",
    );
    assert!(
        said.failed(2)
            .contains("standard input: line 2: no UTF-8: byte 3 of the input is 0xff")
    );
    assert!(build("", &["--format", "csv"]).contains("`--tree` takes no CSV"));
    for more in ["--indexed", "--capacity=7"] {
        assert!(build("", &[more]).contains("cannot be used with"), "{more}");
    }
    let types = ["--tree", "--key", "u128", "--value", "u8"];
    let said = place.run_with(&[&["build", "-", "x"][..], &types].concat(), b"");
    assert!(said.failed(2).contains("u128_le cannot be a part of a path"));
    let types = ["--tree", "--key", "str", "--value", "NonZeroU16"];
    let said = place.run_with(&[&["build", "-", "x"][..], &types].concat(), b"");
    assert!(
        said.failed(2)
            .contains("NonZeroU16_le cannot be a value in an archive of paths")
    );
    let types = ["--format", "nested", "--key", "str", "--value", "str"];
    let said = place.run_with(&[&["build", "-", "x"][..], &types].concat(), b"{}");
    assert!(said.failed(2).contains("`--format nested` is for `--tree`"));
    assert_eq!(fs::read(place.path("pages.amap")).unwrap(), b"kept");
}

#[test]
fn of_two_values_of_a_path_one_is_taken() {
    let place = Place::new();
    let twice = "{\"a\": 1, \"a\": 2}";
    for (which, value) in [("first", "1\n"), ("last", "2\n")] {
        let types = [
            "build", "-", "new", "--tree", "--format", "nested", "--key", "str", "--value", "u8",
        ];
        place
            .run_with(&[&types[..], &["--duplicates", which]].concat(), twice.as_bytes())
            .ok();
        assert_eq!(place.run(&["get", "new", "[\"a\"]"]).ok(), value);
    }
}

#[test]
fn duplicates_are_an_error_or_chosen() {
    let place = Place::new();
    place.write(
        "in",
        "{\"key\":1,\"value\":1}\n{\"key\":2,\"value\":2}\n{\"key\":1,\"value\":3}\n",
    );
    let build =
        |more: &[&str]| place.run(&[&["build", "in", "out", "--key", "u8", "--value", "u8"][..], more].concat());
    assert_eq!(
        build(&[]).failed(2),
        "arenamap: in: line 3: the key of line 1 is there again; `--duplicates first` or `last` takes one of them\n"
    );
    assert!(!place.path("out").exists());
    for (which, value) in [("first", "1\n"), ("last", "3\n")] {
        build(&["--duplicates", which]).ok();
        assert_eq!(place.run(&["get", "out", "1"]).ok(), value);
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn lines_that_do_not_fit_say_where() {
    let place = Place::new();
    let json = |line: &str| {
        let input = format!("{{\"key\":1,\"value\":[2,true]}}\n{line}\n");
        let arguments = ["build", "-", "out", "--key", "u8", "--value", "{ a: u8, b: bool }"];
        let said = place.run_with(&arguments, input.as_bytes()).failed(2);
        let said = said
            .strip_prefix("arenamap: standard input: line 2")
            .expect(&said)
            .trim_end()
            .to_owned();
        assert!(!place.path("out").exists());
        said
    };
    for (line, message) in [
        (
            r#"{"key":2}"#,
            ": the field `value` is missing, of type Value { a: u8, b: bool }",
        ),
        (r#"{"value":[1,true]}"#, ": the field `key` is missing, of type u8"),
        (
            r#"{"key":2,"value":{"a":1}}"#,
            ": value: the field `b: bool` is missing",
        ),
        (
            r#"{"key":2,"value":{"a":1,"b":true,"c":1}}"#,
            ": value: no field `c` in Value; it has a, b",
        ),
        (
            r#"{"key":2,"value":{"a":300,"b":true}}"#,
            ": value.a: 300 is no u8: it is out of range",
        ),
        (r#"{"key":2,"value":{"a":1,"b":1}}"#, ": value.b: 1 is no bool"),
        (
            r#"{"key":2,"value":[1,true],"more":1}"#,
            ": unknown field `more`; a line is {\"key\": ..., \"value\": ...}",
        ),
        (
            r#"{"key":2,"key":2,"value":[1,true]}"#,
            ": the field `key` is there twice",
        ),
        ("[2, 3]", ": no JSON object; a line is {\"key\": ..., \"value\": ...}"),
        ("key 2", ": no JSON object; a line is {\"key\": ..., \"value\": ...}"),
        (
            r#"{"key":2,"value":"#,
            ": not read as JSON: EOF while parsing a value, column 17; a line is {\"key\": ..., \"value\": ...}",
        ),
    ] {
        assert_eq!(json(line), message, "{line}");
    }
    let deep = format!("{{\"key\":{}1{},\"value\":1}}", "[".repeat(100), "]".repeat(100));
    assert!(json(&deep).contains("more than 64 lists and objects inside each other"));
    let said = place.run_with(
        &["build", "-", "out", "--key", "u8", "--value", "u8"],
        b"{\"key\":\"\xff\"}",
    );
    assert_eq!(
        said.failed(2),
        "arenamap: standard input: line 1: byte 9 is no UTF-8; write bytes as \"hex:00ff\"\n"
    );

    let csv = |text: &str| {
        place.write("in.csv", text);
        let said = place.run(&[
            "build",
            "in.csv",
            "out",
            "--key",
            "u8",
            "--value",
            "{ a: u8, b: [u8; 2] }",
        ]);
        said.failed(2)
            .strip_prefix("arenamap: in.csv: ")
            .unwrap()
            .trim_end()
            .to_owned()
    };
    for (text, message) in [
        (
            "key,value.a\n",
            "line 1: the column `value.b` is missing; the first line names the columns: key,value.a,value.b",
        ),
        (
            "key,value.a,value.b,c\n",
            "line 1: unknown column `c`; the types have key, value.a, value.b",
        ),
        ("key,key,value.a,value.b\n", "line 1: the column `key` is there twice"),
        (
            "key,value.a,value.b\n1,2\n",
            "CSV error: record 1 (line: 2, byte: 20): found record with 2 fields, but the previous record has 3 fields",
        ),
        ("key,value.a,value.b\n1,x,hex:0000\n", "line 2: value.a: `x` is no u8"),
        (
            "key,value.a,value.b\n1,2,hex:00\n",
            "line 2: value.b: `hex:00` is no [u8; 2]: expected `hex:` and 4 hexadecimal digits",
        ),
        (
            "key,value.a,value.b\n1,2,\n",
            "line 2: value.b: no JSON, as an array is: EOF while parsing a value at line 1 column 0",
        ),
    ] {
        assert_eq!(csv(text), message);
    }
}

#[test]
fn types_that_are_wrong_are_shown_with_their_place() {
    let place = Place::new();
    place.write("in", "");
    let said = place.run(&["build", "in", "out", "--key", "u64", "--value", "{ a: u8, b: u16 }"]);
    assert_eq!(
        said.failed(2),
        "\
arenamap: --value: at byte 9 of the type: padding, 1 byte, in front of b, which is aligned to 2: put fields with larger alignment first, or \
fill the gap with a `[u8; 1]`
  { a: u8, b: u16 }
           ^
"
    );
    assert_eq!(place.run(&["build", "in", "out", "--key", "u64"]).code, 2);
    assert_eq!(
        place
            .run(&["build", "in", "out", "--key", "u64", "--schema-of", "in"])
            .code,
        2
    );
    assert_eq!(
        place
            .run(&["build", ".", "out", "--key", "u8", "--value", "u8"])
            .failed(2),
        "arenamap: .: a directory; give a file\n"
    );
    // The input stays.
    place.write("lines", "\u{FEFF}{\"key\": 1, \"value\": 2}\n");
    let build = |out| place.run(&["build", "lines", out, "--key", "u8", "--value", "u8"]);
    assert_eq!(
        build("./lines").failed(2),
        "arenamap: lines: the archive would replace its own input; give it another name\n"
    );
    // (Some editors put a mark before the first line.)
    build("archive").ok();
    assert_eq!(place.run(&["get", "archive", "1"]).ok(), "2\n");
    // Types without a byte have no columns.
    let mut map = FixedMap::<[u8; 0], (), _>::create(AlignedBytes::zeroed(1024), 1).unwrap();
    map.insert([], ()).unwrap();
    map.publish(place.path("units")).unwrap();
    assert_eq!(round_trip(&place, "units", "json"), "{\"key\":null,\"value\":null}\n");
    assert_eq!(
        place.run(&["dump", "--format", "csv", "units"]).failed(2),
        "arenamap: neither key nor value has a byte, so there are no columns; take `--format json`\n"
    );
}

/// What fails in front of a pipe leaves the archive behind it as it was.
#[test]
fn an_empty_input_replaces_nothing() {
    let place = Place::new();
    place.pages("pages", 0..3);
    let before = fs::read(place.path("pages")).unwrap();
    for (format, input) in [("json", ""), ("json", "\n \n"), ("csv", ""), ("csv", "key,value\n")] {
        let types = ["--key", "u64", "--value", "u64", "--format", format];
        let build =
            |more: &[&str]| place.run_with(&[&["build", "-", "pages"][..], &types, more].concat(), input.as_bytes());
        let said = build(&[]).failed(2);
        if format == "json" || !input.is_empty() {
            assert!(
                said.contains("standard input: pages: no entries") && said.contains("`--allow-empty`"),
                "{said}"
            );
        }
        assert_eq!(fs::read(place.path("pages")).unwrap(), before);
        // Where there is nothing, an empty archive is made.
        if input.ends_with('\n') {
            let said = place.run_with(
                &[&["build", "-", &format!("new.{format}")][..], &types].concat(),
                input.as_bytes(),
            );
            assert!(said.ok().contains(": 0 entries of 0"));
        }
    }
    let types = ["--key", "u64", "--value", "u64", "--allow-empty"];
    let said = place.run_with(&[&["build", "-", "pages"][..], &types].concat(), b"");
    assert!(said.ok().contains("pages: 0 entries of 0"));
    assert!(place.run(&["help", "build"]).ok().contains("--allow-empty"));
}
