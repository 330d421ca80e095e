//! Databases in files that are read: LMDB, and `SQLite` where it is built.
#![allow(unsafe_code, reason = "opens LMDB's file, which this program alone has")]

use std::hint::black_box;
use std::path::{Path, PathBuf};

use anyhow::Result;
use heed::types::Str;
use heed::{Database, Env, EnvOpenOptions, RoTxn, WithTls};

use super::{Archive, Reader, Sources, Work};

/// Address space that LMDB may use, much more than it does.
const MAP_BYTES: usize = 16 << 30;

pub(super) struct Lmdb<'s> {
    sources: &'s Sources<'s>,
    path: PathBuf,
    env: Env,
    pairs: Database<Str, Str>,
}

impl<'s> Lmdb<'s> {
    pub(super) fn new(sources: &'s Sources<'s>, dir: &Path) -> Result<Self> {
        let path = dir.join("archive");
        let (env, pairs) = Self::make(sources, &path)?;
        Ok(Self {
            sources,
            path,
            env,
            pairs,
        })
    }

    /// In one transaction, in the order of the keys.
    fn make(sources: &Sources<'_>, path: &Path) -> Result<(Env, Database<Str, Str>)> {
        std::fs::create_dir(path)?;
        // SAFETY: a new directory, of which nobody else knows.
        let env = unsafe { EnvOpenOptions::new().map_size(MAP_BYTES).open(path)? };
        let mut txn = env.write_txn()?;
        let pairs: Database<Str, Str> = env.create_database(&mut txn, None)?;
        for (key, value) in sources.sorted() {
            pairs.put_with_flags(&mut txn, heed::PutFlags::APPEND, key, value)?;
        }
        txn.commit()?;
        Ok((env, pairs))
    }
}

impl Archive for Lmdb<'_> {
    fn bytes(&self) -> Result<usize> {
        Ok(usize::try_from(self.env.real_disk_size()?)?)
    }

    fn write(&mut self) -> Result<()> {
        let again = self.path.with_extension("again");
        Self::make(self.sources, &again)?;
        std::fs::remove_dir_all(again)?;
        Ok(())
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        let txn = self.env.read_txn()?;
        let mut reader = LmdbReader { pairs: self.pairs, txn };
        Ok(work.with(black_box(&mut reader)))
    }
}

struct LmdbReader<'e> {
    pairs: Database<Str, Str>,
    txn: RoTxn<'e, WithTls>,
}

impl Reader for LmdbReader<'_> {
    #[inline]
    fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T> {
        self.pairs.get(&self.txn, key).expect("LMDB reads").map(see)
    }

    fn walk(&mut self, mut see: impl FnMut(&str, &str)) {
        for pair in self.pairs.iter(&self.txn).expect("LMDB reads") {
            let (key, value) = pair.expect("LMDB reads");
            see(key, value);
        }
    }
}

#[cfg(arenamap_sqlite)]
pub(super) use sqlite::Sqlite;

#[cfg(arenamap_sqlite)]
mod sqlite {
    use anyhow::Context as _;

    use super::{Archive, Path, PathBuf, Reader, Result, Sources, Work, black_box};
    use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, Statement};

    pub(in super::super) struct Sqlite<'s> {
        sources: &'s Sources<'s>,
        path: PathBuf,
    }

    impl<'s> Sqlite<'s> {
        pub(in super::super) fn new(sources: &'s Sources<'s>, dir: &Path) -> Result<Self> {
            let path = dir.join("archive");
            Self::make(sources, &path)?;
            Ok(Self { sources, path })
        }

        /// In one transaction, in the order of the keys.
        fn make(sources: &Sources<'_>, path: &Path) -> Result<()> {
            let mut file = Connection::open(path)?;
            file.execute_batch("CREATE TABLE pairs (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")?;
            let txn = file.transaction()?;
            {
                let mut insert = txn.prepare("INSERT INTO pairs VALUES (?, ?)")?;
                for (key, value) in sources.sorted() {
                    insert.execute([key, value])?;
                }
            }
            txn.commit()?;
            Ok(())
        }
    }

    impl Archive for Sqlite<'_> {
        fn bytes(&self) -> Result<usize> {
            Ok(usize::try_from(std::fs::metadata(&self.path)?.len())?)
        }

        fn write(&mut self) -> Result<()> {
            let again = self.path.with_extension("again");
            Self::make(self.sources, &again)?;
            std::fs::remove_file(again)?;
            Ok(())
        }

        fn open<W: Work>(&self, work: W) -> Result<W::Result> {
            let file = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            // As much of its cache and of mapped memory as all of the file takes, and one transaction for all lookups.
            file.execute_batch("PRAGMA mmap_size = 17179869184; BEGIN")?;
            let mut reader = SqliteReader {
                get: file
                    .prepare("SELECT value FROM pairs WHERE key = ?")
                    .context("SQLite")?,
                walk: file.prepare("SELECT key, value FROM pairs").context("SQLite")?,
            };
            Ok(work.with(black_box(&mut reader)))
        }
    }

    struct SqliteReader<'f> {
        get: Statement<'f>,
        walk: Statement<'f>,
    }

    fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
        Ok(row.get_ref(column)?.as_str()?)
    }

    impl Reader for SqliteReader<'_> {
        fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T> {
            let found = self.get.query_row([key], |row| Ok(see(text(row, 0)?)));
            found.optional().expect("SQLite reads")
        }

        fn walk(&mut self, mut see: impl FnMut(&str, &str)) {
            let mut rows = self.walk.query([]).expect("SQLite reads");
            while let Some(row) = rows.next().expect("SQLite reads") {
                see(text(row, 0).expect("a text"), text(row, 1).expect("a text"));
            }
        }
    }
}
