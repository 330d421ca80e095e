//! One scenario at one size: all subjects take turns.

use crate::applies::{figure_left_out, metric_left_out, subject_left_out};
use crate::figures::{LeftOut, Measured, Results, Series};
use crate::names::{Metric, Scale, Scenario, Subject};
use crate::support::as_f64;
use crate::team::Child;
use crate::wire::{Ask, Mode, Said};

/// Fewer single operations than these have no 99.99th percentile.
const ENOUGH_FOR_P9999: u64 = 10_000;

/// One scenario at one size, and who takes part.
pub(crate) struct Part {
    pub(crate) scenario: Scenario,
    pub(crate) n: usize,
    subjects: Vec<Subject>,
    scale: Scale,
}

impl Part {
    pub(crate) fn new(scenario: Scenario, n: usize, among: &[Subject], scale: Scale) -> Self {
        let takes_part = |subject: &Subject| subject_left_out(scenario, n, *subject).is_none();
        Part {
            scenario,
            n,
            subjects: among.iter().copied().filter(takes_part).collect(),
            scale,
        }
    }

    fn rounds(&self) -> usize {
        self.scale.rounds(self.scenario, self.n)
    }

    fn measures(&self, metric: Metric) -> bool {
        metric_left_out(self.scenario, metric).is_none()
    }

    /// Microseconds that this part will take, roughly: the length of its piece of the progress bar.
    pub(crate) fn estimate_us(&self) -> u64 {
        let clocked = if self.measures(Metric::WorstNs) {
            self.scale.clocked_rounds()
        } else {
            0
        };
        let peaks = if self.measures(Metric::PeakRssBytes) {
            self.scale.peaks(self.n)
        } else {
            0
        };
        let each = self.rounds() as u64 * self.turn_us()
            + clocked as u64 * self.clocked_us()
            + (2 + peaks) as u64 * self.process_us();
        each * self.subjects.len() as u64
    }

    /// One run of the whole: some 50 ns an entry, with what comes before it.
    fn run_us(&self) -> u64 {
        self.n as u64 / 20 + 1
    }

    /// A process that makes its inputs and runs once or a few times.
    fn process_us(&self) -> u64 {
        8_000 + 4 * self.run_us()
    }

    fn turn_us(&self) -> u64 {
        self.scale.slice_us(self.n).max(self.run_us()) * 3 / 2
    }

    /// A clocked operation takes 100 ns, or is a whole run.
    fn clocked_us(&self) -> u64 {
        let spans = self.scale.spans(self.scenario, self.n);
        let whole = matches!(
            self.scenario,
            Scenario::RequestU64 | Scenario::RequestStr | Scenario::Nested3
        );
        let each_ns = if whole { 50 * self.n as u64 } else { 100 };
        self.run_us() + spans * each_ns / 1_000
    }

    /// Who and what is left out.
    pub(crate) fn note_left_out(&self, among: &[Subject], results: &mut Results) {
        let (scenario, n) = (self.scenario, self.n);
        let mut note = |what: String, why: &str| {
            let why = why.to_owned();
            results.left_out.push(LeftOut { scenario, n, what, why });
        };
        for &subject in among {
            if let Some(why) = subject_left_out(scenario, n, subject) {
                note(subject.to_string(), why);
            }
        }
        for &metric in <Metric as clap::ValueEnum>::value_variants() {
            if let Some(why) = metric_left_out(scenario, metric) {
                note(metric.to_string(), why);
                continue;
            }
            for &subject in &self.subjects {
                if let Some(why) = figure_left_out(subject, metric) {
                    note(format!("{metric} of {subject}"), why);
                }
            }
        }
    }

    /// Measures everything that this part has; tells `step` how many of the estimated microseconds are done.
    pub(crate) fn run(&self, results: &mut Results, step: &dyn Fn(u64)) -> Result<(), String> {
        let mut answers = Vec::new();
        let mut children = Vec::new();
        for &subject in &self.subjects {
            let mut child = Child::start(subject, self.scenario, self.n, Mode::Race)?;
            match child.hear()? {
                Said::Ready { answer } => answers.push((subject, answer)),
                said => return Err(child.confused(&said)),
            }
            children.push(child);
            step(self.process_us());
        }
        self.time(&mut children, results, step)?;
        if self.measures(Metric::WorstNs) {
            self.clock(&mut children, results, step)?;
        }
        children.into_iter().try_for_each(Child::close)?;
        self.count(&mut answers, results, step)?;
        if self.measures(Metric::PeakRssBytes) {
            self.peak(&mut answers, results, step)?;
        }
        self.agree(&answers)
    }

    /// Every answer is the same, whoever gave it.
    fn agree(&self, answers: &[(Subject, u64)]) -> Result<(), String> {
        let Some(&(first, expected)) = answers.first() else {
            return Ok(());
        };
        match answers.iter().find(|(_, answer)| *answer != expected) {
            None => Ok(()),
            Some((subject, answer)) => Err(format!(
                "{subject} in {} at n = {}: its answer is {answer}, that of {first} is {expected}",
                self.scenario, self.n
            )),
        }
    }

    /// Asks all in turns, `rounds` times; who comes first changes from round to round.
    fn in_turns<T>(
        children: &mut [Child],
        rounds: usize,
        step: &dyn Fn(),
        mut ask: impl FnMut(&mut Child) -> Result<T, String>,
    ) -> Result<Vec<Vec<T>>, String> {
        let mut said: Vec<Vec<T>> = children.iter().map(|_| Vec::new()).collect();
        for round in 0..rounds {
            for turn in 0..children.len() {
                let i = (round + turn) % children.len();
                said[i].push(ask(&mut children[i])?);
                step();
            }
        }
        Ok(said)
    }

    fn push(&self, results: &mut Results, subject: Subject, metric: Metric, rounds: Vec<f64>) {
        let measured = Measured::new(self.scenario, self.n, subject, metric, rounds);
        results.measured.extend(measured);
    }

    fn time(&self, children: &mut [Child], results: &mut Results, step: &dyn Fn(u64)) -> Result<(), String> {
        let slice_us = self.scale.slice_us(self.n);
        let times = Self::in_turns(children, self.rounds(), &|| step(self.turn_us()), |child| {
            match child.ask(&Ask::Time { slice_us })? {
                Said::Timed { ns_per_op } => Ok(ns_per_op),
                said => Err(child.confused(&said)),
            }
        })?;
        for (child, rounds) in children.iter().zip(times) {
            self.push(results, child.subject, Metric::NsPerOp, rounds);
        }
        Ok(())
    }

    fn clock(&self, children: &mut [Child], results: &mut Results, step: &dyn Fn(u64)) -> Result<(), String> {
        let spans = self.scale.spans(self.scenario, self.n);
        let clocked = Self::in_turns(
            children,
            self.scale.clocked_rounds(),
            &|| step(self.clocked_us()),
            |child| match child.ask(&Ask::Clock { spans })? {
                Said::Clocked(clocked) => Ok(clocked),
                said => Err(child.confused(&said)),
            },
        )?;
        let enough = clocked.iter().flatten().all(|round| round.spans >= ENOUGH_FOR_P9999);
        if !enough {
            results.left_out.push(LeftOut {
                scenario: self.scenario,
                n: self.n,
                what: Metric::P9999Ns.to_string(),
                why: "fewer than 10,000 operations were clocked in a round".to_owned(),
            });
        }
        for (child, rounds) in children.iter_mut().zip(clocked) {
            let each =
                |value: fn(&crate::wire::Clocked) -> u64| rounds.iter().map(|round| as_f64(value(round))).collect();
            self.push(results, child.subject, Metric::P99Ns, each(|round| round.p99));
            if enough {
                self.push(results, child.subject, Metric::P9999Ns, each(|round| round.p9999));
            }
            self.push(results, child.subject, Metric::WorstNs, each(|round| round.worst));
            match child.ask(&Ask::Curve)? {
                Said::Curve { points } => results.curves.push(Series {
                    scenario: self.scenario,
                    n: self.n,
                    subject: child.subject,
                    points,
                }),
                said => return Err(child.confused(&said)),
            }
        }
        Ok(())
    }

    fn count(
        &self,
        answers: &mut Vec<(Subject, u64)>,
        results: &mut Results,
        step: &dyn Fn(u64),
    ) -> Result<(), String> {
        for &subject in &self.subjects {
            let mut child = Child::start(subject, self.scenario, self.n, Mode::Count)?;
            match child.hear()? {
                Said::Counted {
                    answer,
                    heap_calls,
                    used_bytes,
                } => {
                    answers.push((subject, answer));
                    self.push(results, subject, Metric::HeapCalls, vec![as_f64(heap_calls)]);
                    if self.measures(Metric::UsedBytes) && figure_left_out(subject, Metric::UsedBytes).is_none() {
                        self.push(results, subject, Metric::UsedBytes, vec![as_f64(used_bytes)]);
                    }
                }
                said => return Err(child.confused(&said)),
            }
            child.close()?;
            step(self.process_us());
        }
        Ok(())
    }

    fn peak(&self, answers: &mut Vec<(Subject, u64)>, results: &mut Results, step: &dyn Fn(u64)) -> Result<(), String> {
        for &subject in &self.subjects {
            let mut peaks = Vec::new();
            for _ in 0..self.scale.peaks(self.n) {
                let mut child = Child::start(subject, self.scenario, self.n, Mode::Peak)?;
                match child.hear()? {
                    Said::Peak { answer, rss_bytes } => {
                        answers.push((subject, answer));
                        peaks.extend(rss_bytes.map(as_f64));
                    }
                    said => return Err(child.confused(&said)),
                }
                child.close()?;
                step(self.process_us());
            }
            if peaks.is_empty() {
                results.left_out.push(LeftOut {
                    scenario: self.scenario,
                    n: self.n,
                    what: format!("{} of {subject}", Metric::PeakRssBytes),
                    why: "this system does not tell it in /proc/self/status".to_owned(),
                });
            }
            self.push(results, subject, Metric::PeakRssBytes, peaks);
        }
        Ok(())
    }

    /// How much memory each subject holds on the way.
    pub(crate) fn story(&self, results: &mut Results) -> Result<(), String> {
        for &subject in &self.subjects {
            if figure_left_out(subject, Metric::UsedBytes).is_some() {
                continue;
            }
            let mut child = Child::start(subject, self.scenario, self.n, Mode::Story)?;
            match child.hear()? {
                Said::Story { points } => results.stories.push(Series {
                    scenario: self.scenario,
                    n: self.n,
                    subject,
                    points,
                }),
                said => return Err(child.confused(&said)),
            }
            child.close()?;
        }
        Ok(())
    }
}
