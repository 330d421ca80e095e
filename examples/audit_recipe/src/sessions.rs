//! Leak 4: removed entries that keep their slots.

use arenamap::ArenaMap;

struct Session {
    user: u64,
    closed: bool,
}

/// Who is logged in.
#[derive(Default)]
pub struct Sessions {
    by_token: ArenaMap<u64, Session>,
}

impl Sessions {
    pub fn log_in(&mut self, token: u64, user: u64) {
        let session = Session { user, closed: false };
        self.by_token.insert(token, session); // <-
    }

    pub fn log_out(&mut self, token: u64) {
        if !cfg!(feature = "leaky") {
            self.by_token.remove(&token);
        } else if let Some(session) = self.by_token.get_mut(&token) {
            session.closed = true;
        }
    }

    pub fn user_of(&self, token: u64) -> Option<u64> {
        let session = self.by_token.get(&token).filter(|session| !session.closed);
        session.map(|session| session.user)
    }
}
