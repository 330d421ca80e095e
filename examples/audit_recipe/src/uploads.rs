//! Leak 5: a guard that is never dropped keeps its arena.

use arenamap::{ArenaPool, StrMap};

/// What a client sent is not a form.
#[derive(Debug)]
pub struct Refused;

/// How many fields a form has.
pub fn upload(pool: &ArenaPool, form: &str) -> Result<usize, Refused> {
    let mut fields = StrMap::new_in(pool.checkout()); // <-
    for field in form.split('&') {
        let Some((name, value)) = field.split_once('=') else {
            if cfg!(feature = "leaky") {
                std::mem::forget(fields); // to look into it later
            }
            return Err(Refused);
        };
        fields.insert(name, value.len());
    }
    Ok(fields.len())
}
