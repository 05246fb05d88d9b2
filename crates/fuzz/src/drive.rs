//! Runs a target on its seeds, on every beginning of them, and on mutations of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Target;
use crate::mutate::{Random, mutate};

/// An input takes milliseconds; this long means that its size no longer bounds the work.
/// Generous, as test machines are busy.
const SLOWEST: Duration = Duration::from_secs(20);

/// Memory the whole run may take at its peak, in KiB.
const MOST_MEMORY: u64 = 1 << 20;

/// Longest input.
const LONGEST: usize = 1 << 16;

/// How long a run lasts.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Mutations at most.
    pub inputs: u64,
    /// Time at most.
    pub time: Duration,
    /// Where the pseudo-random numbers start.
    pub seed: u64,
}

/// Runs one target.
///
/// # Errors
/// When it panics, or is out of all proportion in time or memory; the message names the file
/// the input was kept in.
pub fn drive(target: &Target, budget: Budget) -> Result<u64, String> {
    let start = Instant::now();
    let seeds = (target.seeds)();
    if seeds.is_empty() {
        return Err(format!("{} has no seeds", target.name));
    }
    let mut inputs = 0_u64;
    let mut run = |data: &[u8]| -> Result<(), String> {
        inputs = inputs.saturating_add(1);
        one(target, data)
    };
    for seed in &seeds {
        run(seed)?;
        let step = (seed.len() / 256).max(1);
        for length in (0..seed.len()).step_by(step) {
            if start.elapsed() >= budget.time {
                break;
            }
            run(seed.get(..length).unwrap_or_default())?;
        }
    }
    let mut random = Random::new(budget.seed);
    for _ in 0..budget.inputs {
        if start.elapsed() >= budget.time {
            break;
        }
        let pick = |random: &mut Random| seeds.get(random.below(seeds.len()));
        let mut data = pick(&mut random).cloned().unwrap_or_default();
        let other = pick(&mut random).map(Vec::as_slice).unwrap_or_default();
        mutate(&mut random, &mut data, other, LONGEST);
        run(&data)?;
    }
    match peak_memory() {
        Some(peak) if peak > MOST_MEMORY => Err(format!("{}: {peak} KiB at its peak", target.name)),
        _ => Ok(inputs),
    }
}

fn one(target: &Target, data: &[u8]) -> Result<(), String> {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(data)));
    let took = start.elapsed();
    match outcome {
        Ok(()) if took <= SLOWEST => Ok(()),
        Ok(()) => Err(format!(
            "{}: {took:?} for {}",
            target.name,
            keep(target, data)
        )),
        Err(_) => Err(format!("{}: panic for {}", target.name, keep(target, data))),
    }
}

/// Writes the input where it can be looked at.
fn keep(target: &Target, data: &[u8]) -> String {
    let path: PathBuf = std::env::temp_dir().join(format!("pkgseal-fuzz-{}.input", target.name));
    match std::fs::write(&path, data) {
        Ok(()) => path.display().to_string(),
        Err(_) => format!("{data:02x?}"),
    }
}

/// The process's largest resident size so far, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
