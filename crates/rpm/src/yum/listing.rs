//! The text of a `repomd.xml`, as createrepo_c writes it.

use std::fmt::Write as _;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Finding, Limits};

use super::make::Made;
use super::pieces::{Piece, Pieces};
use super::repomd::Repomd;
use super::{REPOMD, xml};
use crate::codes;

/// A `repomd.xml` that stands there: what it lists, and its bytes.
pub(super) struct Standing {
    pub(super) repomd: Repomd,
    /// One for each of its files, in order: what to write to list the file again.
    records: Vec<Vec<u8>>,
    /// What stands before the first of them: the root, the revision, the tags.
    before: Vec<u8>,
}

impl Standing {
    /// Reads it. Nothing vouches for it: it is to be made anew.
    ///
    /// # Errors
    /// A finding.
    pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Box<Finding>> {
        let unverified = Verified::danger_unverified(bytes.to_vec());
        let repomd = Repomd::parse(unverified, limits)?.into_inner();
        let malformed =
            |fault: xml::Fault| Box::new(Finding::reject(codes::REPOMD, REPOMD, fault.detail));
        let mut pieces = Pieces::new(bytes, "data");
        let (mut records, mut before) = (Vec::new(), Vec::new());
        while let Some(piece) = pieces.next().map_err(malformed)? {
            match piece {
                Piece::Record(record) => records.push(record),
                Piece::Between(between) if records.is_empty() => before = between,
                Piece::Between(_) => {}
            }
        }
        Ok(Self {
            repomd,
            records,
            before,
        })
    }

    /// Its revision, where that is a number.
    pub(super) fn revision(&self) -> Option<i64> {
        self.repomd.revision.as_ref()?.parse().ok()
    }

    /// How it lists the files of these kinds, to list them so again.
    pub(super) fn records<'a>(
        &'a self,
        wanted: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = &'a [u8]> + 'a {
        let rows = self.repomd.data.iter().zip(&self.records);
        rows.filter(move |(data, _)| wanted(&data.kind))
            .map(|(_, record)| record.as_slice())
    }

    /// Its tags (`<tags>…</tags>`), byte for byte.
    fn tags(&self) -> Option<&[u8]> {
        let find = |needle: &[u8]| self.before.windows(needle.len()).position(|w| w == needle);
        let start = find(b"<tags>")?;
        let end = find(b"</tags>")? + b"</tags>".len();
        self.before.get(start..end)
    }
}

/// Writes a `repomd.xml`: the tags of an older one, new files, and files that are listed as
/// they were.
pub(super) fn write<'a>(
    revision: i64,
    standing: Option<&Standing>,
    made: &[Made],
    kept: impl Iterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <repomd xmlns=\"http://linux.duke.edu/metadata/repo\" \
         xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n  \
         <revision>{revision}</revision>\n"
    )
    .into_bytes();
    if let Some(tags) = standing.and_then(Standing::tags) {
        text.extend_from_slice(b"  ");
        text.extend_from_slice(tags);
        text.push(b'\n');
    }
    for made in made {
        text.extend_from_slice(record(made, revision).as_bytes());
    }
    for record in kept {
        text.extend_from_slice(b"  ");
        text.extend_from_slice(record);
        text.push(b'\n');
    }
    text.extend_from_slice(b"</repomd>\n");
    text
}

fn record(made: &Made, time: i64) -> String {
    let Made {
        kind,
        location,
        checksum,
        size,
        open,
    } = made;
    let mut text =
        format!("  <data type=\"{kind}\">\n    <checksum type=\"sha256\">{checksum}</checksum>\n");
    if let Some((open, _)) = open {
        let _ = writeln!(
            text,
            "    <open-checksum type=\"sha256\">{open}</open-checksum>"
        );
    }
    let _ = write!(
        text,
        "    <location href=\"{location}\"/>\n    <timestamp>{time}</timestamp>\n    \
         <size>{size}</size>\n"
    );
    if let Some((_, open_size)) = open {
        let _ = writeln!(text, "    <open-size>{open_size}</open-size>");
    }
    text.push_str("  </data>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkgseal_repo::SafePath;

    const OLD: &str = "<?xml version=\"1.0\"?>\n<repomd>\n<revision>7</revision>\n<tags><content>\
        binary-x</content><distro cpeid=\"a\">b</distro></tags>\n\
        <data type=\"primary\"><checksum type=\"sha256\">0000000000000000000000000000000000000000000000000000000000000000</checksum><location href=\"repodata/p.xml\"/></data>\n\
        <data type=\"updateinfo\">\n <checksum type=\"sha256\">0000000000000000000000000000000000000000000000000000000000000000</checksum>\
        <location href=\"repodata/u.xml\"/><strange/></data>\n</repomd>";

    #[test]
    fn what_is_kept_is_kept_byte_for_byte() {
        let limits = Limits::default();
        let old = Standing::parse(OLD.as_bytes(), &limits).unwrap();
        assert_eq!(old.revision(), Some(7));
        let made = Made {
            kind: "primary".to_owned(),
            location: SafePath::new("repodata/x-primary.xml.gz").unwrap(),
            checksum: "1".repeat(64),
            size: 3,
            open: Some(("2".repeat(64), 4)),
        };
        let kept = old.records(|kind| kind != "primary");
        let text = String::from_utf8(write(8, Some(&old), &[made], kept)).unwrap();
        assert!(
            text.contains("<tags><content>binary-x</content><distro cpeid=\"a\">b</distro></tags>")
        );
        assert!(text.contains("<location href=\"repodata/u.xml\"/><strange/></data>"));
        assert!(!text.contains("repodata/p.xml"));
        let new = Standing::parse(text.as_bytes(), &limits).unwrap();
        assert_eq!(new.revision(), Some(8));
        assert_eq!(new.repomd.data.len(), 2);
        assert_eq!(new.repomd.data[0].open_size, Some(4));
    }

    #[test]
    fn what_is_no_repomd_is_refused() {
        for text in ["", "<repomd>", "<metadata/>", "<!DOCTYPE repomd><repomd/>"] {
            assert!(
                Standing::parse(text.as_bytes(), &Limits::default()).is_err(),
                "{text}"
            );
        }
    }
}
