//! Running things and taking their time.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs that a measurement is the median of: three, or `PKGSEAL_BENCH_RUNS`.
pub(crate) fn runs() -> usize {
    std::env::var("PKGSEAL_BENCH_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(3)
        .max(1)
}

/// What takes less is measured more often: the median of a few runs would tell of whatever
/// else the machine did at that moment.
const MOMENT: Duration = Duration::from_millis(20);
/// So many times as often.
const OFTEN: usize = 20;

/// The time `work` takes after `prepare`, median of [`runs`], or of [`OFTEN`] as many.
pub(crate) fn median(
    mut prepare: impl FnMut() -> io::Result<()>,
    mut work: impl FnMut() -> io::Result<()>,
) -> io::Result<Duration> {
    let mut median_of = |runs: usize| -> io::Result<Duration> {
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            prepare()?;
            let start = Instant::now();
            work()?;
            times.push(start.elapsed());
        }
        times.sort();
        Ok(times.get(runs / 2).copied().unwrap_or_default())
    };
    match median_of(runs())? {
        moment if moment < MOMENT => median_of(runs() * OFTEN),
        longer => Ok(longer),
    }
}

/// What a command took: medians, and the most memory.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// By the clock.
    pub(crate) time: f64,
    /// Of all its processes on all cores, which a busy machine changes less.
    pub(crate) cpu: f64,
    /// The most memory one of its processes held, in KiB.
    pub(crate) peak: Option<f64>,
}

/// Seconds by the clock of a command after `prepare`, and in runs of their own those of the
/// CPU, by bash's `time`, and its memory, by time(1).
pub(crate) fn cost(
    mut prepare: impl FnMut() -> io::Result<()>,
    command: impl Fn() -> Command,
) -> io::Result<Cost> {
    let note = tempfile::NamedTempFile::new()?;
    let noted = |by: &mut Command| -> io::Result<Vec<f64>> {
        run(by)?;
        let text = std::fs::read_to_string(note.path())?;
        Ok(text.split_whitespace().flat_map(str::parse).collect())
    };
    let mut peak = None;
    if installed("time") {
        prepare()?;
        let by = ["time", "--format=%M", "--output"].map(OsStr::new);
        let seen = noted(&mut under(
            &[&by[..], &[note.path().as_os_str()]].concat(),
            &command(),
        ))?;
        peak = seen.first().copied();
    }
    // Started from here: some take a few milliseconds, and a shell would add its own.
    let time = median(&mut prepare, || run(&mut command()))?;
    let mut cpus = Vec::with_capacity(runs());
    for _ in 0..runs() {
        prepare()?;
        cpus.push(once(&command())?.1);
    }
    Ok(Cost {
        time: time.as_secs_f64(),
        cpu: middle(cpus),
        peak,
    })
}

/// Seconds of one run by the clock and of the CPU, by bash's `time`.
fn once(command: &Command) -> io::Result<(f64, f64)> {
    let note = tempfile::NamedTempFile::new()?;
    let script = "TIMEFORMAT='%3R %3U %3S'; note=$0; { time \"$@\" 2>&3; } 3>&2 2>\"$note\"";
    let by = ["bash", "-c", script].map(OsStr::new);
    let by = [&by[..], &[note.path().as_os_str()]].concat();
    run(&mut under(&by, command))?;
    let text = std::fs::read_to_string(note.path())?;
    let seen: Vec<f64> = text.split_whitespace().flat_map(str::parse).collect();
    match *seen {
        [time, user, system] => Ok((time, user + system)),
        _ => Err(io::Error::other("bash told no times")),
    }
}

/// The costs of several commands, run in turns, so that a busy moment of the machine meets
/// all of them.
pub(crate) fn in_turns(
    prepare: impl Fn() -> io::Result<()>,
    commands: &[&dyn Fn() -> Command],
) -> io::Result<Vec<Cost>> {
    let mut seen = vec![(Vec::new(), Vec::new()); commands.len()];
    for _ in 0..runs() {
        for (command, (times, cpus)) in commands.iter().zip(&mut seen) {
            prepare()?;
            let (time, cpu) = once(&command())?;
            times.push(time);
            cpus.push(cpu);
        }
    }
    let costs = seen.into_iter().map(|(times, cpus)| Cost {
        time: middle(times),
        cpu: middle(cpus),
        peak: None,
    });
    Ok(costs.collect())
}

fn middle(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(runs() / 2).copied().unwrap_or_default()
}

/// The same command as an argument of another.
fn under(by: &[&OsStr], command: &Command) -> Command {
    let mut outer = Command::new("env");
    outer
        .args(by)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    outer
}

/// Prepares nothing: the work changes no file.
pub(crate) fn as_they_are() -> io::Result<()> {
    Ok(())
}

/// Whether a peer is installed.
pub(crate) fn installed(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        eprintln!("SKIP: {program} is not installed");
    }
    found
}

/// Runs a command to its end without output; anything but exit 0 is an error that shows what
/// it said.
pub(crate) fn run(command: &mut Command) -> io::Result<()> {
    let output = command
        // Set for the developer, not for users, and not for free.
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said: String = String::from_utf8_lossy(&said).chars().take(2000).collect();
    let program = command.get_program().display();
    Err(io::Error::other(format!(
        "{program}: {}\n{said}",
        output.status
    )))
}

/// Runs one process for each file: `command` sees the file as its last argument.
pub(crate) fn for_each(files: &[PathBuf], command: impl Fn() -> Command) -> io::Result<()> {
    files.iter().try_for_each(|file| run(command().arg(file)))
}

/// Files of a folder with this extension, sorted.
pub(crate) fn listed(dir: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.extension() == Some(OsStr::new(extension)));
    files.sort();
    Ok(files)
}

/// Files beneath a folder with this extension, sorted by path.
pub(crate) fn listed_below(dir: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = listed(dir, extension)?;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(listed_below(&entry.path(), extension)?);
        }
    }
    files.sort();
    Ok(files)
}

/// Puts a fresh copy of every file into `to`, on disk: what was left to write must not slow
/// the syncs that are measured.
pub(crate) fn copy_fresh(files: &[PathBuf], to: &Path) -> io::Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    for file in files {
        if let Some(name) = file.file_name() {
            std::fs::copy(file, to.join(name))?;
        }
    }
    run(&mut Command::new("sync"))
}
