//! Everything a package holds and what its readers make of it, without a verdict.

use std::fs::File;
use std::path::Path;

use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::Limits;

use super::readers::{self, Choice, Entry};
use super::verify::{detached, open};
use crate::control;
use crate::layout::Layout;
use crate::{Error, Result};

/// A reader and its model.
type Reader = (&'static str, fn(&[Entry]) -> Choice);

const READERS: [Reader; 3] = [
    ("dpkg", readers::dpkg),
    ("apt", readers::apt),
    ("debsig-verify", readers::debsig_verify),
];

/// As [`verify`](super::verify), and says in `details` what the package holds: its
/// members, what its control file says, which bytes each signature covers, and which
/// members dpkg, apt and debsig-verify take, however malformed it is. Nothing of that is
/// vouched for by a signature that is not accepted.
///
/// # Errors
/// As [`verify`](super::verify).
pub fn inspect(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let mut examination = super::verify(path, verifier, limits)?;
    let file = open(path)?;
    let failed = |error| Error::read(path, error);
    let (entries, stopped) = readers::entries(&file).map_err(failed)?;
    if examination.details.is_empty() {
        says(&file, limits, &mut examination);
    }
    for entry in &entries {
        let value = format!(
            "{:?}: {} bytes from byte {}",
            entry.name, entry.size, entry.offset
        );
        examination.add_detail("member", value);
    }
    if let Some(stopped) = &stopped {
        examination.add_detail("member", format!("none further: {stopped}"));
    }
    let subject = examination.subject.clone();
    if let Ok(layout) = Layout::read(&file, &subject, limits) {
        covers(&layout, path, &mut examination);
    }
    let choose = |(name, choose): &Reader| match &stopped {
        // apt reads every header before anything else.
        Some(stopped) if *name == "apt" => Err(stopped.clone()),
        _ => choose(&entries),
    };
    let choices: Vec<Choice> = READERS.iter().map(choose).collect();
    for ((name, _), chosen) in READERS.iter().zip(&choices) {
        examination.add_detail(name, choice(&entries, chosen));
    }
    let agree = choices
        .windows(2)
        .all(|pair| matches!(pair, [Ok(a), Ok(b)] if a == b));
    let value = if agree {
        "they take the same members"
    } else {
        "they do not take the same members, or refuse it"
    };
    examination.add_detail("readers", value);
    Ok(examination)
}

/// What the control file says, of a package nobody vouches for.
fn says(file: &File, limits: &Limits, examination: &mut Examination) {
    let subject = examination.subject.clone();
    if let Ok(contents) = control::read(file, &subject, [], limits) {
        let control = contents.control;
        examination.add_detail("package", control.package());
        examination.add_detail("version", control.version());
        examination.add_detail("architecture", control.architecture());
    }
}

fn covers(layout: &Layout, path: &Path, examination: &mut Examination) {
    let ranges: Vec<String> = layout
        .signed
        .iter()
        .map(|member| format!("{} to {}", member.offset, member.end()))
        .collect();
    for member in &layout.signatures {
        let value = format!(
            "{}: bytes {}: what is in {}, one after the other",
            member.name,
            ranges.join(", "),
            layout
                .signed
                .each_ref()
                .map(|member| member.name.as_str())
                .join(", ")
        );
        examination.add_detail("covers", value);
    }
    for beside in detached(path) {
        let name = beside.file_name().unwrap_or_default().to_string_lossy();
        let value = format!("{name}: all {} bytes of the file", layout.size);
        examination.add_detail("covers", value);
    }
}

fn choice(entries: &[Entry], choice: &Choice) -> String {
    match choice {
        Err(why) => format!("refuses it: {why}"),
        Ok((control, data)) => {
            let shown = |place: usize| {
                entries.get(place).map_or_else(String::new, |entry| {
                    format!("{} from byte {}", entry.name, entry.offset)
                })
            };
            format!("{} and {}", shown(*control), shown(*data))
        }
    }
}
