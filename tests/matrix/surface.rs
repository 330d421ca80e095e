//! How the matrix is complete: every public method of the growing maps, and what covers it.
//!
//! The methods are read from the source. A method without a row fails here, and so does a row without a method.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use libtest_mimic::Trial;
use syn::{ImplItem, Item, Type};

use crate::source::{docs, files_below, is_public, items_of, root};
use crate::trial;
use crate::ways::{Add, Remove};

/// Where the growing maps are; a directory that is not there is none.
const FACES: &[&str] = &["src/map", "src/set", "src/copied"];

/// The types whose methods stand in other files too.
const MAPS: &[&str] = &["ArenaMap", "ArenaSet", "CopiedMap"];

/// Types of the maps' surface that stand elsewhere.
const ELSEWHERE: &[&str] = &["SizeHint"];

/// Every public method and what covers it:
///
/// - the name of a way in `ways.rs`: it adds or removes, and goes through every state;
/// - `read`: read in each check of each program;
/// - `state`: brings maps into their states;
/// - `plain`: makes an empty map, tells a setting, or hands an entry on: no state matters to it;
/// - a file of `tests`: covered there.
const METHODS: &[(&str, &str)] = &[
    (
        "ArenaMap",
        "new=plain with_capacity=plain new_in=plain with_capacity_in=plain try_with_capacity_in=plain \
         with_hint_in=size_hint.rs builder=plain with_hasher=plain with_capacity_and_hasher=plain with_hasher_in=state \
         with_capacity_and_hasher_in=plain hasher=plain allocator=plain \
         from_hashbrown_in=hashbrown.rs try_from_hashbrown_in=hashbrown.rs into_hashbrown_in=hashbrown.rs find=read find_mut=read find_entry=FindEntryRemove iter_hash=read iter_hash_mut=read \
         insert_unique=InsertUnique try_insert_unique=TryInsertUnique \
         get_disjoint_mut=read get_disjoint_key_value_mut=read len=read is_empty=read capacity=read \
         allocation_size=growth_bound.rs layout=layout.rs stats=read probe_lengths=probe_lengths.rs with_probe_alarm=counters.rs arena_stats=state into_handle=IntoHandle hash_of=read get=read \
         get_key_value=read contains_key=read get_mut=read get_key_value_mut=read insert=Insert \
         try_insert_overwrite=TryInsertOverwrite try_insert=TryInsert insert_within_capacity=InsertWithinCapacity \
         remove=Remove remove_entry=RemoveEntry prefetch=read get_batch=read same_entries=read entry=EntryInsert entry_ref=RefInsert iter=read iter_mut=read keys=read \
         values=read values_mut=read into_keys=IntoKeys into_values=IntoValues drain=Drain retain=Retain \
         extract_if=ExtractIf clear=Clear reserve=state try_reserve=alloc_failure.rs shrink_to=map_model.rs \
         shrink_to_fit=state try_extend=TryExtend from_iter_in=FromIterIn try_from_iter_in=TryFromIterIn \
         clone_in=CloneIn try_clone_in=TryCloneIn try_clone_from=TryCloneFrom settle=growth_bound.rs \
         snapshot_into=snapshot.rs snapshot_with=snapshot.rs archive_scratch=rkyv.rs \
         try_extend_archived=ExtendArchived try_extend_archived_with=rkyv.rs \
         par_keys=rayon.rs par_values=rayon.rs par_values_mut=rayon.rs par_eq=rayon.rs par_drain=rayon.rs",
    ),
    (
        "Entry",
        "key=plain and_modify=EntryAndModify and_replace_entry_with=AndReplaceWithNone into_map=plain insert=EntryInsert \
         or_insert=EntryOrInsert or_insert_entry=EntryOrInsertEntry or_insert_with=EntryOrInsertWith \
         or_insert_with_key=EntryOrInsertWithKey or_default=EntryOrDefault try_or_insert=EntryTryOrInsert \
         try_or_insert_with=EntryTryOrInsertWith try_or_default=EntryTryOrDefault try_insert=EntryTryInsert \
         try_or_insert_entry=EntryTryOrInsertEntry try_or_insert_with_key=EntryTryOrInsertWithKey",
    ),
    (
        "OccupiedEntry",
        "key=plain get=plain get_mut=plain into_mut=plain into_entry=plain insert=plain replace_key=plain \
         remove=OccupiedRemove remove_entry=OccupiedRemoveEntry replace_entry_with=OccupiedReplaceWithNone into_map=plain",
    ),
    (
        "VacantEntry",
        "key=plain into_key=plain into_map=plain insert=VacantInsert insert_entry=VacantInsertEntry \
         try_insert=VacantTryInsert try_insert_entry=VacantTryInsertEntry",
    ),
    (
        "EntryRef",
        "key=plain and_modify=plain into_map=plain or_insert_keyed=RefOrInsertKeyed \
         or_insert_keyed_with=RefOrInsertKeyedWith try_or_insert_keyed=RefTryOrInsertKeyed try_or_insert_keyed_with=RefTryOrInsertKeyedWith insert=RefInsert \
         or_insert=RefOrInsert or_insert_with=RefOrInsertWith or_insert_with_key=RefOrInsertWithKey \
         or_default=RefOrDefault or_default_entry=RefOrDefaultEntry try_insert=RefTryInsert \
         try_or_insert=RefTryOrInsert try_or_insert_with=RefTryOrInsertWith \
         try_or_insert_with_key=RefTryOrInsertWithKey try_or_default=RefTryOrDefault \
         try_or_default_entry=RefTryOrDefaultEntry",
    ),
    (
        "VacantEntryRef",
        "key=plain insert_with_key=RefVacantInsertWithKey insert_entry_with_key=RefVacantInsertEntryWithKey \
         try_insert_with_key=RefVacantTryInsertWithKey insert=RefVacantInsert insert_entry=RefVacantInsertEntry into_map=plain \
         try_insert=RefVacantTryInsert try_insert_entry=RefVacantTryInsertEntry \
         try_insert_entry_with_key=RefVacantTryInsertEntryWithKey",
    ),
    (
        "MapBuilder",
        "capacity=plain hint=size_hint.rs hasher=plain build_in=plain try_build_in=plain",
    ),
    (
        "SizeHint",
        "new=size_hint.rs capacity=size_hint.rs record=size_hint.rs clear=size_hint.rs",
    ),
    (
        "ArenaSet",
        "new=plain with_capacity=plain new_in=plain with_capacity_in=plain try_with_capacity_in=plain \
         with_hint_in=plain with_hasher=plain with_hasher_in=state with_capacity_and_hasher_in=plain hasher=plain \
         with_capacity_and_hasher=plain from_hashbrown_in=hashbrown.rs try_from_hashbrown_in=hashbrown.rs into_hashbrown_in=hashbrown.rs \
         allocator=plain len=read is_empty=read capacity=read allocation_size=plain layout=layout.rs stats=read probe_lengths=probe_lengths.rs with_probe_alarm=counters.rs \
         arena_stats=state into_handle=IntoHandle get=read contains=read insert=Insert try_insert=TryInsert \
         insert_within_capacity=InsertWithinCapacity replace=Replace try_replace=TryReplace get_or_insert=GetOrInsert \
         try_get_or_insert=TryGetOrInsert get_or_insert_with=GetOrInsertWith \
         try_get_or_insert_with=TryGetOrInsertWith remove=Remove take=Take union=Union intersection=Intersection \
         difference=Difference symmetric_difference=read same_elements=read entry=EntryInsert \
         try_union_in=TryUnionIn try_intersection_in=TryIntersectionIn try_difference_in=TryDifferenceIn \
         try_symmetric_difference_in=TrySymmetricDifferenceIn try_union_with=TryUnionWith \
         try_symmetric_difference_with=TrySymmetricDifferenceWith is_disjoint=read is_subset=read is_superset=read iter=read \
         drain=Drain retain=Retain extract_if=ExtractIf clear=Clear reserve=state try_reserve=alloc_failure.rs \
         shrink_to=set.rs shrink_to_fit=state try_extend=TryExtend from_iter_in=FromIterIn \
         try_from_iter_in=TryFromIterIn clone_in=CloneIn try_clone_in=TryCloneIn try_clone_from=TryCloneFrom settle=set.rs \
         snapshot_into=snapshot.rs snapshot_with=snapshot.rs archive_scratch=rkyv.rs \
         try_extend_archived=ExtendArchived try_extend_archived_with=rkyv.rs par_drain=rayon.rs par_union=rayon.rs \
         par_intersection=rayon.rs par_difference=rayon.rs par_symmetric_difference=rayon.rs par_is_disjoint=rayon.rs \
         par_is_subset=rayon.rs par_is_superset=rayon.rs par_eq=rayon.rs",
    ),
    (
        "set::Entry",
        "get=plain insert=EntryInsert try_insert=EntryTryInsert or_insert=EntryOrInsert \
         try_or_insert=EntryTryOrInsert",
    ),
    ("set::OccupiedEntry", "get=plain remove=OccupiedRemove"),
    (
        "set::VacantEntry",
        "get=plain into_value=plain insert=VacantInsert try_insert=VacantTryInsert",
    ),
    (
        "CopiedMap",
        "new=plain with_capacity=plain builder=plain new_in=plain with_capacity_in=plain try_with_capacity_in=plain \
         with_hint_in=plain with_hasher=plain with_hasher_in=state with_capacity_and_hasher_in=plain hasher=plain \
         allocator=plain len=read is_empty=read capacity=read layout=layout.rs stats=read probe_lengths=probe_lengths.rs with_probe_alarm=counters.rs arena_stats=state \
         allocation_size=plain same_entries=read with_capacity_and_hasher=plain into_handle=IntoHandle get=read get_key_value=read contains_key=read get_mut=read get_key_value_mut=read \
         get_disjoint_mut=read insert=Insert try_insert_overwrite=TryInsertOverwrite try_insert=TryInsert \
         entry=EntryInsert remove=Remove remove_entry=RemoveEntry iter=read iter_mut=read keys=read values=read \
         values_mut=read into_values=IntoValues drain=Drain retain=Retain extract_if=ExtractIf clear=Clear \
         reserve=state try_reserve=str_map.rs shrink_to=str_map.rs shrink_to_fit=state try_extend=TryExtend \
         from_iter_in=FromIterIn try_from_iter_in=TryFromIterIn clone_in=CloneIn try_clone_in=TryCloneIn try_clone_from=TryCloneFrom settle=str_map.rs \
         snapshot_into=snapshot.rs snapshot_with=snapshot.rs archive_scratch=rkyv.rs \
         try_extend_archived=ExtendArchived try_extend_archived_with=rkyv.rs hash_of=str_map.rs find=str_map.rs \
         find_mut=str_map.rs find_entry=str_map.rs insert_unique=str_map.rs try_insert_unique=str_map.rs \
         par_keys=rayon.rs par_values=rayon.rs par_values_mut=rayon.rs par_eq=rayon.rs",
    ),
    (
        "copied::Entry",
        "key=plain and_modify=EntryAndModify insert=EntryInsert or_insert=EntryOrInsert \
         or_insert_entry=EntryOrInsertEntry or_insert_with=EntryOrInsertWith or_insert_with_key=EntryOrInsertWithKey \
         or_default=EntryOrDefault try_or_insert=EntryTryOrInsert try_or_insert_with=EntryTryOrInsertWith \
         try_or_default=EntryTryOrDefault try_insert=EntryTryInsert try_or_insert_entry=EntryTryOrInsertEntry \
         try_or_insert_with_key=EntryTryOrInsertWithKey",
    ),
    (
        "copied::OccupiedEntry",
        "key=plain get=plain get_mut=plain into_mut=plain into_entry=plain insert=plain remove=OccupiedRemove \
         remove_entry=OccupiedRemoveEntry replace_entry_with=str_map.rs",
    ),
    (
        "copied::VacantEntry",
        "key=plain insert=VacantInsert insert_entry=VacantInsertEntry try_insert=VacantTryInsert \
         try_insert_entry=VacantTryInsertEntry",
    ),
    (
        "CopiedMapBuilder",
        "capacity=plain hint=str_map.rs hasher=plain build_in=plain try_build_in=plain",
    ),
    ("CopiedMapSeed", "new_in=Seed with_values_in=serde.rs hasher=Seed"),
    ("Key", "as_str=plain"),
];

/// Every trait of a map that adds or removes, and what covers it; as [`METHODS`]. Others neither add nor remove.
const TRAITS: &[(&str, &str)] = &[
    (
        "ArenaMap",
        "Extend=Extend FromIterator=FromIterator From=plain Clone=Clone IntoIterator=IntoIter Deserialize=Deserialize",
    ),
    (
        "ArenaSet",
        "Extend=Extend FromIterator=FromIterator From=plain Clone=Clone IntoIterator=IntoIter Deserialize=Deserialize",
    ),
    (
        "CopiedMap",
        "Extend=Extend FromIterator=FromIterator From=plain Clone=Clone Deserialize=Deserialize",
    ),
];

/// Ways that are no method or trait of their own: implementations by macro, of references, or of another crate's types;
/// and calls that are covered above, used in another manner.
const OTHER_WAYS: &[&str] = &[
    "ExtendReferences", // `Extend` of references
    "CloneFrom",        // of `Clone`
    "BitOr",            // the operators of sets
    "BitXor",
    "BitAnd",
    "BitOrAssign",
    "BitXorAssign",
    "BitAndAssign",
    "SubAssign",
    "Sub",
    "Archive",           // rkyv's `Deserialize` of the archived map
    "RefOccupiedRemove", // `OccupiedEntry::remove` by `entry_ref`
    "ExtractIfDropped",  // dropped before their ends
    "DrainDropped",
    "IntoIter",
];

/// What a `try_` twin is called where it is not `try_` and the name.
const TWINS: &[(&str, &str)] = &[
    // `try_insert` is hashbrown's name for a call that refuses to overwrite.
    ("ArenaMap::insert", "ArenaMap::try_insert_overwrite"),
    ("CopiedMap::insert", "CopiedMap::try_insert_overwrite"),
    // A twin takes the arena, so that there is none to be made.
    ("ArenaMap::with_capacity", "ArenaMap::try_with_capacity_in"),
    ("ArenaSet::with_capacity", "ArenaSet::try_with_capacity_in"),
    ("CopiedMap::with_capacity", "CopiedMap::try_with_capacity_in"),
    ("ArenaMap::with_capacity_and_hasher", "MapBuilder::try_build_in"),
    ("ArenaMap::with_capacity_and_hasher_in", "MapBuilder::try_build_in"),
    ("ArenaSet::with_capacity_and_hasher_in", "MapBuilder::try_build_in"), // a set is made from a map
    ("ArenaSet::with_capacity_and_hasher", "MapBuilder::try_build_in"),
    ("CopiedMap::with_capacity_and_hasher", "CopiedMapBuilder::try_build_in"),
    (
        "CopiedMap::with_capacity_and_hasher_in",
        "CopiedMapBuilder::try_build_in",
    ),
];

/// What may take memory and needs no twin, with the reason.
const NO_TWIN: &[(&str, &str)] = &[
    (
        "ArenaMap::into_hashbrown_in",
        "the memory is taken by hashbrown, which panics",
    ),
    (
        "ArenaSet::into_hashbrown_in",
        "the memory is taken by hashbrown, which panics",
    ),
    ("ArenaMap::with_hint_in", "a hint that is refused is left out"),
    ("ArenaSet::with_hint_in", "a hint that is refused is left out"),
    ("CopiedMap::with_hint_in", "a hint that is refused is left out"),
    (
        "ArenaMap::shrink_to",
        "the map stays as it is where the smaller block is refused",
    ),
    (
        "ArenaMap::shrink_to_fit",
        "the map stays as it is where the smaller block is refused",
    ),
    (
        "ArenaSet::shrink_to",
        "the set stays as it is where the smaller block is refused",
    ),
    (
        "ArenaSet::shrink_to_fit",
        "the set stays as it is where the smaller block is refused",
    ),
    (
        "CopiedMap::shrink_to",
        "the map stays as it is where the smaller block is refused",
    ),
    (
        "CopiedMap::shrink_to_fit",
        "the map stays as it is where the smaller block is refused",
    ),
];

/// The twins of traits that take memory; a trait cannot return an error of ours.
const TRAIT_TWINS: &[(&str, &str)] = &[
    ("Clone", "try_clone_in"),
    ("Extend", "try_extend"),
    ("FromIterator", "try_from_iter_in"),
    ("From", "try_from_iter_in"),
    // `a | &b` is `try_from_iter_in(a.union(&b).cloned(), arena)`, and so on.
    ("BitOr", "try_from_iter_in"),
    ("BitAnd", "try_from_iter_in"),
    ("BitXor", "try_from_iter_in"),
    ("Sub", "try_from_iter_in"),
    ("BitOrAssign", "try_extend"),
    ("BitXorAssign", "try_extend"),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("every public method has its row", every_method_has_its_row),
        trial("every row names what covers it", every_row_names_what_covers_it),
        trial("every way is in a row, and has a type", every_way_is_in_a_row),
        trial(
            "what can take memory has a twin that says so",
            what_takes_memory_has_a_twin,
        ),
    ]
}

/// The public methods by `Type::name`, with their docs; and the traits of the maps by `Type::Trait`.
struct Surface {
    methods: BTreeMap<String, String>,
    traits: BTreeSet<String>,
}

fn surface() -> Surface {
    let faces: Vec<PathBuf> = FACES.iter().flat_map(|face| files_below(&root().join(face))).collect();
    let all = files_below(&root().join("src"));
    assert!(!faces.is_empty());

    let mut public: BTreeSet<String> = BTreeSet::new();
    for item in faces.iter().flat_map(|path| items_of(path)) {
        match item {
            Item::Struct(item) if is_public(&item.vis) => public.insert(item.ident.to_string()),
            Item::Enum(item) if is_public(&item.vis) => public.insert(item.ident.to_string()),
            _ => false,
        };
    }

    let mut surface = Surface {
        methods: BTreeMap::new(),
        traits: BTreeSet::new(),
    };
    for path in &all {
        let in_a_face = faces.contains(path);
        let of_the_set = path.starts_with(root().join("src/set"));
        let of_copied_keys = path.starts_with(root().join("src/copied"));
        for item in items_of(path) {
            let Item::Impl(item) = item else { continue };
            let Type::Path(of) = &*item.self_ty else { continue };
            let of = of.path.segments.last().unwrap().ident.to_string();
            let of = if of == "StrMap" { "CopiedMap".to_owned() } else { of };
            if !(MAPS.contains(&of.as_str()) || ELSEWHERE.contains(&of.as_str()) || (in_a_face && public.contains(&of)))
            {
                continue;
            }
            // Those of maps, sets and copied keys are called the same.
            let shown = match of.as_str() {
                "Entry" | "OccupiedEntry" | "VacantEntry" if of_the_set => format!("set::{of}"),
                "Entry" | "OccupiedEntry" | "VacantEntry" if of_copied_keys => format!("copied::{of}"),
                _ => of.clone(),
            };
            if let Some((_, path, _)) = &item.trait_ {
                if MAPS.contains(&of.as_str()) {
                    surface
                        .traits
                        .insert(format!("{of}::{}", path.segments.last().unwrap().ident));
                }
                continue;
            }
            for method in item.items {
                if let ImplItem::Fn(method) = method
                    && is_public(&method.vis)
                {
                    let name = format!("{shown}::{}", method.sig.ident);
                    let docs = docs(&method.attrs);
                    assert!(
                        surface.methods.insert(name.clone(), docs).is_none(),
                        "{name} stands twice"
                    );
                }
            }
        }
    }
    surface
}

/// The rows of a table: `Type::name` and what covers it.
fn rows(table: &[(&str, &'static str)]) -> BTreeMap<String, &'static str> {
    let mut rows = BTreeMap::new();
    for (of, list) in table {
        for row in list.split_whitespace() {
            let (name, by) = row.split_once('=').expect("name=what covers it");
            assert!(
                rows.insert(format!("{of}::{name}"), by).is_none(),
                "two rows for {of}::{name}"
            );
        }
    }
    rows
}

fn every_method_has_its_row() {
    let (found, rows) = (surface(), rows(METHODS));
    let without_row: Vec<_> = found.methods.keys().filter(|name| !rows.contains_key(*name)).collect();
    let without_method: Vec<_> = rows.keys().filter(|name| !found.methods.contains_key(*name)).collect();
    assert!(
        without_row.is_empty() && without_method.is_empty(),
        "public methods without a row in METHODS: {without_row:#?}\nrows without a method: {without_method:#?}"
    );
    let traits = self::rows(TRAITS);
    let stale: Vec<_> = traits.keys().filter(|name| !found.traits.contains(*name)).collect();
    assert!(stale.is_empty(), "rows of TRAITS without an implementation: {stale:#?}");
    println!("{} public methods of {} types", rows.len(), METHODS.len());
}

fn every_row_names_what_covers_it() {
    let ways = way_names();
    let own: String = ["map", "set", "str_map", "program"]
        .map(|file| fs::read_to_string(root().join(format!("tests/matrix/{file}.rs"))).unwrap())
        .concat();
    for (name, by) in rows(METHODS).into_iter().chain(rows(TRAITS)) {
        let method = name.rsplit("::").next().unwrap();
        match by {
            "plain" => {}
            "read" | "state" => assert!(
                own.contains(&format!(".{method}(")) || own.contains(&format!("::{method}(")),
                "no program calls {name}"
            ),
            file if file.contains('.') => {
                let text = fs::read_to_string(root().join("tests").join(file))
                    .unwrap_or_else(|error| panic!("{name} is said to be covered by {file}: {error}"));
                let in_programs = fs::read_to_string(root().join("tests/support/ops.rs")).unwrap();
                assert!(
                    text.contains(method) || in_programs.contains(method),
                    "{file} does not call {name}"
                );
            }
            way => assert!(
                ways.contains(way),
                "{name} is said to be covered by {way}, which is no way"
            ),
        }
    }
}

fn way_names() -> BTreeSet<String> {
    let adds = Add::ALL.iter().map(|way| format!("{way:?}"));
    adds.chain(Remove::ALL.iter().map(|way| format!("{way:?}"))).collect()
}

fn every_way_is_in_a_row() {
    let named: BTreeSet<&str> = rows(METHODS)
        .into_values()
        .chain(rows(TRAITS).into_values())
        .chain(OTHER_WAYS.iter().copied())
        .collect();
    for way in way_names() {
        assert!(named.contains(way.as_str()), "no row names {way}");
    }
    crate::plan::every_way_has_a_type();
}

/// True if the call may take memory and says so by a panic only.
fn takes_memory(name: &str, docs: &str) -> bool {
    let method = name.rsplit("::").next().unwrap();
    let allocates = docs
        .split_once("Allocates:")
        .is_some_and(|(_, what)| !what.trim_start().starts_with("never"));
    allocates && !method.starts_with("try_")
}

fn what_takes_memory_has_a_twin() {
    let Surface { methods: found, traits } = surface();
    let mut missing = BTreeSet::new();
    let mut with_twin = 0;
    for (name, docs) in &found {
        if !takes_memory(name, docs) || NO_TWIN.iter().any(|(exempt, _)| exempt == name) {
            continue;
        }
        let (of, method) = name.rsplit_once("::").unwrap();
        let twin = TWINS
            .iter()
            .find(|(infallible, _)| infallible == name)
            .map_or_else(|| format!("{of}::try_{method}"), |(_, twin)| (*twin).to_owned());
        if found.contains_key(&twin) {
            with_twin += 1;
        } else {
            missing.insert(name.as_str());
        }
    }
    assert!(missing.is_empty(), "without a `try_` twin: {missing:#?}");
    for (exempt, reason) in NO_TWIN {
        assert!(found.contains_key(*exempt), "{exempt} ({reason}) is no method");
    }
    for (name, twin) in TRAIT_TWINS {
        for of in MAPS.iter().filter(|of| traits.contains(&format!("{of}::{name}"))) {
            assert!(
                found.contains_key(&format!("{of}::{twin}")),
                "{of}::{twin}, the twin of {name}"
            );
        }
    }
    println!("{with_twin} calls that take memory have their twin");
}
