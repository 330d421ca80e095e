//! Values put straight into an arena: the same calls on `Arena`, on `SharedArena`, and on any handle.
//!
//! All of it is safe code over fresh places. A block is carved first, then user code runs, then the value is written: so
//! no user code runs inside the arena, and it may use the arena itself.

/// Two twins: the call that panics, and the one that returns the error.
macro_rules! twins {
    (
        [$($vis:tt)?] $type:literal, [$open:literal $($close:literal)?], [$try_open:literal $($try_close:literal)?],
        $summary:literal
        $note:literal
        $example:literal
        $try_example:literal
        fn $name:ident $twin:ident $([$($generics:tt)*])? ($($arg:ident: $argument:ty),*) -> $result:ty,
        $arena:ident => $body:expr
    ) => {
        #[doc = $summary]
        ///
        #[doc = $note]
        ///
        /// Allocates: arena. Time: O(bytes).
        ///
        /// # Panics
        ///
        #[doc = concat!("If there is no memory; [`", stringify!($twin), "`](Self::", stringify!($twin), ") returns the error.")]
        ///
        /// ```
        #[doc = $open]
        #[doc = $example]
        $(#[doc = $close])?
        /// ```
        #[inline]
        #[track_caller]
        #[allow(clippy::mut_from_ref, reason = "every call gives out another block")]
        $($vis)? fn $name $(<$($generics)*>)? (&self $(, $arg: $argument)*) -> &mut $result {
            match self.$twin($($arg),*) {
                Ok(value) => value,
                Err(error) => fail(error, concat!($type, "::", stringify!($twin))),
            }
        }

        #[doc = $summary]
        ///
        #[doc = $note]
        ///
        /// Allocates: arena. Time: O(bytes).
        ///
        /// # Errors
        ///
        /// [`ArenaError`] if the budget or the heap does not give the memory. An argument taken by value is dropped then,
        /// and a closure is not called.
        ///
        /// ```
        #[doc = $try_open]
        #[doc = $try_example]
        $(#[doc = $try_close])?
        /// # Ok::<(), arenamap::ArenaError>(())
        /// ```
        #[inline]
        #[allow(clippy::mut_from_ref, reason = "every call gives out another block")]
        $($vis)? fn $twin $(<$($generics)*>)? (&self $(, $arg: $argument)*) -> Result<&mut $result, ArenaError> {
            let $arena = self;
            Ok($body)
        }
    };
}

/// All of the twins, for an `impl` or a trait: with their visibility, the name of the type, and the lines that make `arena` in
/// the examples, before and, where need be, behind: of the call that panics, and of the one that returns the error.
macro_rules! values {
    ([$($vis:tt)?] $type:literal, $open:tt, $try_open:tt) => {
        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Puts a value into the arena."
            "The arena never drops it."
            "assert_eq!(arena.alloc(7), &7);"
            "assert_eq!(arena.try_alloc(7)?, &7);"
            fn alloc try_alloc [T] (value: T) -> T,
            arena => $crate::arena::place::slot(arena)?.write(value)
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Puts the value that a closure makes into the arena, for values too large to be moved about."
            "The closure runs after the block is carved and may use the arena; if it panics, the block is lost until the next reset."
            "assert_eq!(arena.alloc_with(|| [0_u8; 4096]).len(), 4096);"
            "assert_eq!(arena.try_alloc_with(|| [0_u8; 4096])?.len(), 4096);"
            fn alloc_with try_alloc_with [T] (make: impl FnOnce() -> T) -> T,
            arena => $crate::arena::place::slot(arena)?.write(make())
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Copies a string into the arena."
            "The copy is mutable; a `&str` is made of it by reborrowing."
            "let name: &str = arena.alloc_str(\"name\");"
            "let name: &str = arena.try_alloc_str(\"name\")?;"
            fn alloc_str try_alloc_str (text: &str) -> str,
            arena => $crate::arena::place::copied_str($crate::arena::place::slots(arena, text.len())?, text)
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Copies a slice of `Copy` values into the arena."
            "It is one `memcpy`."
            "assert_eq!(arena.alloc_slice_copy(&[1, 2, 3]), &[1, 2, 3]);"
            "assert_eq!(arena.try_alloc_slice_copy(&[1, 2, 3])?, &[1, 2, 3]);"
            fn alloc_slice_copy try_alloc_slice_copy [T: Copy] (values: &[T]) -> [T],
            arena => $crate::arena::place::slots(arena, values.len())?.copy(values)
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Clones a slice into the arena, value by value."
            "The arena never drops the clones; if a clone panics, those made before are dropped, and the block is lost until the next reset."
            "assert_eq!(arena.alloc_slice_clone(&[Some(1), None]), &[Some(1), None]);"
            "assert_eq!(arena.try_alloc_slice_clone(&[Some(1), None])?, &[Some(1), None]);"
            fn alloc_slice_clone try_alloc_slice_clone [T: Clone] (values: &[T]) -> [T],
            arena => $crate::arena::place::slots(arena, values.len())?.fill(|at| values[at].clone())
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Makes a slice of `len` copies of a value in the arena."
            "It is for `Copy` values; [`alloc_slice_fill_clone`](Self::alloc_slice_fill_clone) is for others."
            "assert_eq!(arena.alloc_slice_fill_copy(3, 7), &[7, 7, 7]);"
            "assert_eq!(arena.try_alloc_slice_fill_copy(3, 7)?, &[7, 7, 7]);"
            fn alloc_slice_fill_copy try_alloc_slice_fill_copy [T: Copy] (len: usize, value: T) -> [T],
            arena => $crate::arena::place::slots(arena, len)?.fill(|_| value)
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Makes a slice of `len` clones of a value in the arena."
            "The arena never drops them; if a clone panics, those made before are dropped, and the block is lost until the next reset."
            "assert_eq!(arena.alloc_slice_fill_clone(2, &Some(7)), &[Some(7), Some(7)]);"
            "assert_eq!(arena.try_alloc_slice_fill_clone(2, &Some(7))?, &[Some(7), Some(7)]);"
            fn alloc_slice_fill_clone try_alloc_slice_fill_clone [T: Clone] (len: usize, value: &T) -> [T],
            arena => $crate::arena::place::slots(arena, len)?.fill(|_| value.clone())
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Makes a slice of `len` values in the arena, each by a call of the closure with its index."
            "The arena never drops them; if the closure panics, those made before are dropped, and the block is lost until the next reset."
            "assert_eq!(arena.alloc_slice_fill_with(3, |at| at * at), &[0, 1, 4]);"
            "assert_eq!(arena.try_alloc_slice_fill_with(3, |at| at * at)?, &[0, 1, 4]);"
            fn alloc_slice_fill_with try_alloc_slice_fill_with [T] (len: usize, make: impl FnMut(usize) -> T) -> [T],
            arena => $crate::arena::place::slots(arena, len)?.fill(make)
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Makes a slice of `len` default values in the arena."
            "The arena never drops them."
            "assert_eq!(arena.alloc_slice_fill_default::<u8>(3), &[0, 0, 0]);"
            "assert_eq!(arena.try_alloc_slice_fill_default::<u8>(3)?, &[0, 0, 0]);"
            fn alloc_slice_fill_default try_alloc_slice_fill_default [T: Default] (len: usize) -> [T],
            arena => $crate::arena::place::slots(arena, len)?.fill(|_| T::default())
        }

        $crate::arena::values::twins! { [$($vis)?] $type, $open, $try_open,
            "Makes a slice of what an iterator gives in the arena; the iterator must know its length."
            "Panics if the iterator gives fewer values than it said. The arena never drops them; after a panic those given before are dropped, and the block is lost until the next reset."
            "assert_eq!(arena.alloc_slice_fill_iter((1..4).map(|n| n * n).collect::<Vec<_>>()), &[1, 4, 9]);"
            "assert_eq!(arena.try_alloc_slice_fill_iter([1, 4, 9])?, &[1, 4, 9]);"
            fn alloc_slice_fill_iter try_alloc_slice_fill_iter
                [T] (values: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> [T],
            arena => {
                let mut values = values.into_iter();
                $crate::arena::place::slots(arena, values.len())?.fill(|_| {
                    values.next().expect("the iterator gave fewer values than its length says")
                })
            }
        }
    };
}

pub(super) use {twins, values};
