//! The real programs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use pkgseal_rpm::package::Level;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::rpm::Database;
use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::{self, Run};

use super::case::Case;
use super::{Files, name};

/// What a program says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) accepted: bool,
    /// The lines of `--verbose`.
    pub(crate) verbose: String,
    /// The line without.
    pub(crate) short: String,
}

/// A real rpmkeys.
pub(crate) enum Real {
    Installed,
    Trixie,
}

/// Cases that one run can judge: keys, level, clock, what is left out.
type Batch = (Vec<String>, Level, &'static str, (bool, bool));

impl Real {
    /// rpm 4.18 of the system.
    pub(crate) fn installed() -> Option<Self> {
        peers::have("rpmkeys").map(|_| Self::Installed)
    }

    /// rpm 4.20 in the chroot.
    pub(crate) fn trixie() -> Option<Self> {
        Room::new()
            .filter(|room| room.has("rpmkeys"))
            .map(|_| Self::Trixie)
    }

    /// Judges all cases, in few runs.
    pub(crate) fn judge(&self, cases: &[Case], files: &Files) -> Vec<Said> {
        let mut batches = BTreeMap::<Batch, Vec<usize>>::new();
        for (number, case) in cases.iter().enumerate() {
            let without = (case.without.digests, case.without.signatures);
            let batch = (case.keys.clone(), case.level, case.now, without);
            batches.entry(batch).or_default().push(number);
        }
        let mut said = vec![None; cases.len()];
        for ((keys, level, now, without), numbers) in &batches {
            let mut options = vec!["--checksig".to_owned()];
            options.extend([
                "--define".to_owned(),
                format!("_pkgverify_level {}", word(*level)),
            ]);
            if without.0 {
                options.push("--nodigest".to_owned());
            }
            if without.1 {
                options.push("--nosignature".to_owned());
            }
            let place = self.place(keys, now, files, numbers);
            let packages: Vec<_> = numbers.iter().map(|number| name(*number)).collect();
            let run = |verbose: bool| {
                let mut command = place.command();
                command.args(&options).args(verbose.then_some("--verbose"));
                peers::run(command.args(&packages))
            };
            let (verbose, short) = (run(true), run(false));
            let (verbose, short) = (split(&verbose, numbers), split(&short, numbers));
            for (at, number) in numbers.iter().enumerate() {
                said[*number] = Some(Said {
                    accepted: short[at].ends_with(" OK\n") && !short[at].ends_with("NOT OK\n"),
                    verbose: plain(&verbose[at]),
                    short: plain(&short[at]),
                });
            }
        }
        said.into_iter().map(Option::unwrap).collect()
    }

    fn place(
        &self,
        names: &[String],
        now: &'static str,
        files: &Files,
        numbers: &[usize],
    ) -> Place {
        match self {
            Self::Installed => {
                let database = Database::new(&[]).unwrap();
                for name in names {
                    // Where the import fails, that is what the case is about.
                    database.import(keys::load(name).certificate());
                }
                let folder = files.path(0).parent().unwrap().to_owned();
                Place::Installed(database, folder)
            }
            Self::Trixie => {
                let room = Room::new().unwrap();
                for number in numbers {
                    room.put(&name(*number), std::fs::read(files.path(*number)).unwrap());
                }
                let place = Place::Trixie(room, now);
                for key in names {
                    let Place::Trixie(room, _) = &place else {
                        unreachable!()
                    };
                    let file = room.put("import.asc", keys::load(key).certificate());
                    peers::run(place.command().arg("--import").arg(file));
                }
                place
            }
        }
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::None => "none",
        Level::Digest => "digest",
        Level::Signature => "signature",
        Level::All => "all",
    }
}

/// A private database beside the packages.
enum Place {
    Installed(Database, PathBuf),
    Trixie(Room, &'static str),
}

impl Place {
    fn command(&self) -> Command {
        match self {
            Self::Installed(database, folder) => {
                let mut command = database.command("rpmkeys");
                command.current_dir(folder);
                command
            }
            Self::Trixie(room, now) => {
                let mut command = room.command_at(keys::time(now), "rpmkeys");
                command
                    .arg("--dbpath")
                    .arg(room.inside().join("db"))
                    .args(["--define", "_keyring rpmdb"]);
                command
            }
        }
    }
}

/// Standard output, cut where each package begins.
fn split(run: &Run, numbers: &[usize]) -> Vec<String> {
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let starts: Vec<_> = numbers
        .iter()
        .map(|number| {
            let begin = format!("{}:", name(*number));
            text.find(&begin)
                .unwrap_or_else(|| panic!("no {begin} in {run}"))
        })
        .collect();
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| text[*start..end].to_owned())
        .collect()
}

/// Without what no model can know: addresses in memory, and sequoia's own words on what it
/// could not read, which go on for lines.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for line in text.lines() {
        let known = line.ends_with(':') || line.contains(": ");
        if let Some(at) = line.find("invalid data ") {
            plain.push_str(&line[..at]);
            plain.push_str("invalid data");
        } else if let Some(at) = line.find("invalid OpenPGP signature") {
            plain.push_str(&line[..at]);
            plain.push_str("invalid OpenPGP signature");
        } else if known
            && !line.trim_start().starts_with(|c: char| c.is_ascii_digit())
            && !line.contains("because:")
            && !line.trim_start().starts_with("Failed to parse")
            && !line.trim_start().starts_with("Expected a bare")
            && !line.trim_start().starts_with("Unexpected OpenPGP")
            && !line.trim_start().starts_with("Signature appears")
        {
            plain.push_str(line);
        } else {
            continue;
        }
        plain.push('\n');
    }
    plain
}
