//! A test that plays a part of itself in another process.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

const PATH: &str = "ARENAMAP_TEST_PATH";
/// What lines of the other process begin with, among those of the test harness.
const MARK: &str = "child says: ";

/// The path to work on, if this is the other process.
pub(crate) fn path() -> Option<PathBuf> {
    std::env::var_os(PATH).map(PathBuf::from)
}

/// Says a line to the process that started this one.
pub(crate) fn say(line: &str) {
    println!("\n{MARK}{line}");
    std::io::stdout().flush().unwrap();
}

/// The next line that the process that started this one tells; empty if it is no more.
pub(crate) fn wait() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.truncate(line.trim_end().len());
    line
}

/// Another process, killed when it is dropped.
pub(crate) struct Other {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Other {
    /// Runs this test again in another process, which finds the path.
    pub(crate) fn start(test: &str, path: &Path) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), test, path)
    }

    /// The same, by a command that begins with what starts the test program.
    pub(crate) fn start_by(mut command: Command, test: &str, path: &Path) -> Self {
        let mut child = command
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(PATH, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line that it says; `None` if it ended without one.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some(said) = line.trim_end().strip_prefix(MARK) {
                return Some(said.to_owned());
            }
            line.clear();
        }
        None
    }

    /// Tells it a line, which ends its `wait`.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Kills it, by a signal that it cannot catch, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
