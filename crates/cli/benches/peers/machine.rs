//! What ran where, for the head of the tables.

use std::fmt::Write as _;
use std::process::Command;

use crate::corpus::Corpus;
use crate::measure;

/// Programs whose versions stand in the head, with the flag that prints it.
const PROGRAMS: &[(&str, &str)] = &[
    ("gpg", "--version"),
    ("sqv", "--version"),
    ("sq", "--version"),
    ("rpm", "--version"),
    ("createrepo_c", "--version"),
    ("debsig-verify", "--version"),
    ("apt-ftparchive", "--version"),
    ("reprepro", "--version"),
    ("aptly", "version"),
    ("openssl", "version"),
];

/// Machine, corpus and versions.
pub(crate) fn describe(corpus: Option<&Corpus>) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown CPU", |name| {
            name.trim_start_matches([' ', '\t', ':'])
        });
    let mut text = format!(
        "{cores} cores, {cpu}; warm cache; median of {}.\n",
        measure::runs()
    );
    if let Some(corpus) = corpus {
        let _ = writeln!(
            text,
            "{} .deb ({} MB) and {} .rpm ({} MB) made of their contents.",
            corpus.debs.len(),
            megabytes(&corpus.debs),
            corpus.rpms.len(),
            megabytes(&corpus.rpms),
        );
    }
    for (program, flag) in PROGRAMS {
        if let Some(version) = version(program, flag) {
            let _ = writeln!(text, "{version}");
        }
    }
    text
}

/// How busy the machine is: the load of the last minute.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}

fn megabytes(files: &[std::path::PathBuf]) -> u64 {
    let bytes: u64 = files
        .iter()
        .filter_map(|file| file.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    bytes / 1_000_000
}

fn version(program: &str, flag: &str) -> Option<String> {
    let output = Command::new(program).arg(flag).output().ok()?;
    // reprepro tells its version as an error.
    let output = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&output);
    text.lines().next().map(str::to_owned)
}
