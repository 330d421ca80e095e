//! The children: one process for each subject, asked one after the other.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{self, ChildStdin, ChildStdout, Stdio};

use serde::Serialize;

use crate::names::{Scenario, Subject};
use crate::wire::{Ask, Mode, Open, Said};

/// One process, prepared for one scenario.
pub(crate) struct Child {
    pub(crate) subject: Subject,
    scenario: Scenario,
    n: usize,
    process: process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts this program again as the child of one subject.
    pub(crate) fn start(subject: Subject, scenario: Scenario, n: usize, mode: Mode) -> Result<Self, String> {
        let failed =
            |error: io::Error| format!("{subject} in {scenario} at n = {n}: cannot start its process: {error}");
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = process::Command::new(program)
            .args(["child", &subject.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed(io::Error::other("its pipes are missing")));
        };
        let mut child = Child {
            subject,
            scenario,
            n,
            process,
            input,
            output: BufReader::new(output),
        };
        child.say(&Open { scenario, n, mode })?;
        Ok(child)
    }

    fn say(&mut self, message: &impl Serialize) -> Result<(), String> {
        let line = serde_json::to_string(message).map_err(io::Error::other);
        let said = line.and_then(|line| writeln!(self.input, "{line}"));
        said.map_err(|error| self.failed(&error.to_string()))
    }

    /// What the child has to say.
    pub(crate) fn hear(&mut self) -> Result<Said, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err(self.failed("no answer")),
            Ok(_) => serde_json::from_str(&line).map_err(|error| self.failed(&format!("{error} in {line:?}"))),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    pub(crate) fn ask(&mut self, ask: &Ask) -> Result<Said, String> {
        self.say(ask)?;
        self.hear()
    }

    /// An answer to another question.
    pub(crate) fn confused(&mut self, said: &Said) -> String {
        self.failed(&format!("an answer to another question: {said:?}"))
    }

    /// Lets the child end, and fails if it ends badly.
    pub(crate) fn close(mut self) -> Result<(), String> {
        // A child that counted has ended by itself.
        let _ = writeln!(self.input, "\"Close\"");
        match self.process.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.failed(&format!("its process ended with {status}"))),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    /// Names the subject and the scenario; a child that died says why.
    fn failed(&mut self, what: &str) -> String {
        let _ = self.process.kill();
        let ended = match self.process.wait() {
            Ok(status) => format!(" (its process ended with {status})"),
            Err(_) => String::new(),
        };
        let Child {
            subject, scenario, n, ..
        } = self;
        format!("{subject} in {scenario} at n = {n}: {what}{ended}")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that ended is not killed twice: the process is waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
