//! The ways of adding and of removing, and the states in which they are tried.

/// How much of a map one call of a way goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One entry, or the entries given.
    One,
    /// All entries are visited or rebuilt: half of them are exchanged at a time, or churning would be quadratic.
    Half,
    /// All entries leave.
    All,
}

/// What a way of adding does to a key that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Present {
    Overwrites,
    Keeps,
    /// Not to be called with one.
    Forbidden,
}

macro_rules! ways {
    ($(#[$attribute:meta])* $name:ident, $property:ident: $type:ident; $($way:ident $scope:ident $value:ident,)*) => {
        $(#[$attribute])*
        #[allow(clippy::enum_variant_names, reason = "the names are those of calls")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($way),* }

        impl $name {
            pub(crate) const ALL: &'static [$name] = &[$($name::$way),*];

            pub(crate) fn scope(self) -> Scope {
                match self { $($name::$way => Scope::$scope),* }
            }

            pub(crate) fn $property(self) -> $type {
                match self { $($name::$way => $type::$value),* }
            }
        }
    };
}

/// Which handles have a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Any,
    /// Calls that make the arena themselves.
    Owned,
}

ways! {
    /// A way of adding. The name is that of the call; `Vacant..` and `Ref..` are the entry types.
    Add, present: Present;
    Insert One Overwrites,
    TryInsert One Keeps,
    TryInsertOverwrite One Overwrites,
    InsertWithinCapacity One Overwrites,
    Replace One Overwrites,
    TryReplace One Overwrites,
    GetOrInsert One Keeps,
    TryGetOrInsert One Keeps,
    GetOrInsertWith One Keeps,
    TryGetOrInsertWith One Keeps,
    EntryInsert One Overwrites,
    EntryOrInsert One Keeps,
    EntryOrInsertEntry One Keeps,
    EntryOrInsertWith One Keeps,
    EntryOrInsertWithKey One Keeps,
    EntryOrDefault One Overwrites,
    EntryAndModify One Overwrites,
    EntryTryInsert One Overwrites,
    EntryTryOrInsert One Keeps,
    EntryTryOrInsertEntry One Keeps,
    EntryTryOrInsertWith One Keeps,
    EntryTryOrInsertWithKey One Keeps,
    EntryTryOrDefault One Overwrites,
    VacantInsert One Keeps,
    VacantInsertEntry One Keeps,
    VacantTryInsert One Keeps,
    VacantTryInsertEntry One Keeps,
    RefInsert One Overwrites,
    RefOrInsert One Keeps,
    RefOrInsertWith One Keeps,
    RefOrInsertWithKey One Keeps,
    RefOrDefault One Overwrites,
    RefOrDefaultEntry One Overwrites,
    RefOrInsertKeyed One Keeps,
    RefOrInsertKeyedWith One Keeps,
    RefTryOrInsertKeyed One Keeps,
    RefTryOrInsertKeyedWith One Keeps,
    RefVacantInsert One Keeps,
    RefVacantInsertEntry One Keeps,
    RefVacantInsertWithKey One Keeps,
    RefVacantInsertEntryWithKey One Keeps,
    RefVacantTryInsertWithKey One Keeps,
    RefTryInsert One Overwrites,
    RefTryOrInsert One Keeps,
    RefTryOrInsertWith One Keeps,
    RefTryOrInsertWithKey One Keeps,
    RefTryOrDefault One Overwrites,
    RefTryOrDefaultEntry One Overwrites,
    RefVacantTryInsert One Keeps,
    RefVacantTryInsertEntry One Keeps,
    RefVacantTryInsertEntryWithKey One Keeps,
    InsertUnique One Forbidden,
    TryInsertUnique One Forbidden,
    Extend One Overwrites,
    ExtendReferences One Overwrites,
    TryExtend One Overwrites,
    FromIterator Half Overwrites,
    FromIterIn Half Overwrites,
    TryFromIterIn Half Overwrites,
    Clone Half Overwrites,
    CloneFrom Half Overwrites,
    CloneIn Half Overwrites,
    TryCloneIn Half Overwrites,
    TryCloneFrom Half Overwrites,
    Union Half Keeps,
    BitOr Half Keeps,
    BitXor Half Forbidden,
    TryUnionIn Half Keeps,
    TrySymmetricDifferenceIn Half Forbidden,
    TryUnionWith One Keeps,
    TrySymmetricDifferenceWith One Forbidden,
    BitOrAssign One Keeps,
    BitXorAssign One Forbidden,
    Deserialize Half Overwrites,
    Seed Half Overwrites,
    Archive Half Overwrites,
    ExtendArchived Half Overwrites,
}

ways! {
    /// A way of removing.
    Remove, on: On;
    Remove One Any,
    RemoveEntry One Any,
    Take One Any,
    OccupiedRemove One Any,
    OccupiedRemoveEntry One Any,
    OccupiedReplaceWithNone One Any,
    AndReplaceWithNone One Any,
    RefOccupiedRemove One Any,
    FindEntryRemove One Any,
    Retain Half Any,
    ExtractIf Half Any,
    ExtractIfDropped Half Any,
    IntoIter Half Any,
    Difference Half Any,
    Intersection Half Any,
    Sub Half Owned,
    BitAnd Half Owned,
    TryDifferenceIn Half Any,
    TryIntersectionIn Half Any,
    SubAssign Half Any,
    BitAndAssign Half Any,
    Drain All Any,
    DrainDropped All Any,
    Clear All Any,
    IntoKeys All Any,
    IntoValues All Any,
    IntoHandle All Any,
}

impl Add {
    pub(crate) fn on(self) -> On {
        match self {
            Add::FromIterator | Add::BitOr | Add::BitXor | Add::Deserialize | Add::Archive => On::Owned,
            _ => On::Any,
        }
    }

    /// False where the feature that brings this way is not on.
    pub(crate) fn is_built(self) -> bool {
        let by_serde = matches!(self, Add::Deserialize | Add::Seed);
        let by_rkyv = matches!(self, Add::Archive | Add::ExtendArchived);
        (!by_serde || cfg!(feature = "serde")) && (!by_rkyv || cfg!(feature = "rkyv"))
    }
}

/// What happened to a map before the ways are tried on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Filled by the way of adding.
    Fresh,
    /// Filled after `reserve`.
    Reserved,
    /// Filled with twice as many, half of them removed, then `shrink_to_fit`.
    Shrunk,
    /// Filled with twice as many, `clear`, filled again.
    Cleared,
    /// Filled, then so many times its size removed and added, by the ways themselves.
    Churned(u64),
    /// Filled until the capacity changed after this size, and so many entries more: from 225 entries on, a move is under way.
    Growing(u64),
}
