//! What stands in a repository and nothing vouches for.

use std::collections::BTreeSet;

use crate::code::codes;
use crate::{Code, Error, Finding, Report, Result, Root, SafePath};

/// Files beneath `below` that `listed` does not name, as notes (`file.surplus`) with the
/// size of each, and one note of the code `sum` with the bytes they take up together.
///
/// # Errors
/// [`Error::Read`] when a directory cannot be read.
pub fn surplus(
    root: &Root,
    below: Option<&SafePath>,
    listed: &BTreeSet<SafePath>,
    sum: Code,
) -> Result<Report> {
    let mut report = Report::new();
    let (mut files, mut bytes) = (0_u64, 0_u64);
    for (path, size) in root.walk(below)? {
        let (subject, why) = match path {
            Ok(path) if listed.contains(&path) => continue,
            Ok(path) => (path.to_string(), String::new()),
            // A link that leads out, which the check of its entry tells of.
            Err(Error::UnsafePath { path, .. })
                if SafePath::new(&path).is_ok_and(|path| listed.contains(&path)) =>
            {
                continue;
            }
            Err(Error::UnsafePath { reason, path }) => {
                (path, format!(", and none could: {reason}"))
            }
            Err(error) => return Err(error),
        };
        files += 1;
        bytes = bytes.saturating_add(size);
        let detail = format!("no signed list mentions this file, {size} bytes{why}");
        report.push(Finding::note(codes::FILE_SURPLUS, subject, detail));
    }
    if files > 0 {
        let detail = format!("{files} files that no signed list mentions take up {bytes} bytes");
        let subject = below.map_or("", SafePath::as_str);
        report.push(Finding::note(sum, subject, detail));
    }
    Ok(report)
}
