//! Operations on two sets.

use super::HashSet;
use crate::programs::Program;
use crate::support;

struct Sets {
    a: HashSet<u64>,
    b: HashSet<u64>,
}

/// Two sets: `n` elements, and `m` elements of which the first are the second half of the other's.
fn sets(n: usize, m: usize) -> Sets {
    let (n, m) = (n as u64, m as u64);
    Sets {
        a: (0..n).map(support::key).collect(),
        b: (n / 2..n / 2 + m).map(support::key).collect(),
    }
}

fn sum<'a>(elements: impl Iterator<Item = &'a u64>) -> u64 {
    elements.fold(0, |sum, element| sum.wrapping_add(*element))
}

macro_rules! on_sets {
    ($($name:ident: |$n:ident| $sets:expr, |$a:ident, $b:ident| $run:expr;)+) => {$(
        pub(crate) struct $name(Sets);

        impl Program for $name {
            fn new($n: usize) -> Self {
                $name($sets)
            }

            fn run(&mut self) -> u64 {
                let Sets { a: $a, b: $b } = &self.0;
                $run
            }
        }
    )+};
}

on_sets! {
    Intersection: |n| sets(n, n), |a, b| sum(a.intersection(b));
    IntersectionSmall: |n| sets(n, 10), |a, b| sum(a.intersection(b));
    IntersectionLarge: |n| sets(n, 100 * n), |a, b| sum(a.intersection(b));
    Union: |n| sets(n, n), |a, b| sum(a.union(b));
    Difference: |n| sets(n, n), |a, b| sum(a.difference(b));
    SymmetricDifference: |n| sets(n, n), |a, b| sum(a.symmetric_difference(b));
    // Of itself: the walk goes to its end.
    IsSubset: |n| sets(n, n), |a, _b| u64::from(a.is_subset(a));
    IsDisjoint: |n| Sets { b: (0..n as u64).map(|i| support::key(i | 1 << 50)).collect(), ..sets(n, n) },
        |a, b| u64::from(a.is_disjoint(b));
}
