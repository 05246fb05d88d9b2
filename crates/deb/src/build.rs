//! Building small binary packages: files, and a control file that says what they are.
//!
//! For packages that publish something, such as a keyring: no maintainer scripts, nothing
//! but regular files that root owns. The same package at the same time is the same bytes
//! (deb(5), deb-control(5)), and what was built is read back by the strict reader of this
//! crate before anybody gets it.

mod archive;
mod control;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Signed, Signer};
use pkgseal_repo::{Compression, Destination, Finding, Limits, SafePath, StagedFile};

use crate::control::{is_name, is_version};
use crate::package::{SignOptions, stage_from};
use crate::{Error, Result, codes};

/// Bytes of all files together.
const MOST_BYTES: usize = 256 << 20;
/// Characters of a value in the control file.
const LONGEST: usize = 4096;

/// A binary package in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    name: String,
    version: String,
    architecture: String,
    maintainer: String,
    synopsis: String,
    description: String,
    fields: Vec<(String, String)>,
    /// By path, so that the archive has one order.
    files: BTreeMap<SafePath, BuildFile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct BuildFile {
    content: Vec<u8>,
    conffile: bool,
}

/// Who keeps the administrator's changes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// Nobody: an upgrade replaces the file.
    Replaces,
    /// dpkg asks before it replaces a file that was changed (a conffile, in `/etc`).
    Asks,
}

impl Build {
    /// A package without files. `maintainer` is `Name <address>`; `synopsis` is the first
    /// line of the description.
    ///
    /// # Errors
    /// [`Error::Refused`] with `deb.build` for a value that dpkg or the archive would not
    /// take: a name with capital letters, a version without a digit in front, a line end.
    pub fn new(
        name: &str,
        version: &str,
        architecture: &str,
        maintainer: &str,
        synopsis: &str,
    ) -> Result<Self> {
        let build = Self {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: architecture.to_owned(),
            maintainer: maintainer.to_owned(),
            synopsis: synopsis.to_owned(),
            description: String::new(),
            fields: Vec::new(),
            files: BTreeMap::new(),
        };
        build.check()?;
        Ok(build)
    }

    fn check(&self) -> Result<()> {
        let lower = |text: &str| !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if !is_name(&self.name)
            || !lower(&self.name)
            || self.name.contains('_')
            || !(2..=100).contains(&self.name.len())
        {
            return Err(self.refused(
                "Package",
                "is not two or more lower-case letters, digits and +-. after a letter or digit",
            ));
        }
        let (epoch, upstream) = self.version.split_once(':').unwrap_or(("0", &self.version));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_version(&self.version)
            || self.version.contains('_')
            || self.version.len() > 100
            || epoch.is_empty()
            || !digits(epoch)
            || !upstream.starts_with(|first: char| first.is_ascii_digit())
        {
            return Err(self.refused("Version", "is not a version that begins with a digit"));
        }
        if !is_name(&self.architecture) || !lower(&self.architecture) {
            return Err(self.refused("Architecture", "is no architecture, such as all or amd64"));
        }
        let address = self
            .maintainer
            .strip_suffix('>')
            .and_then(|text| text.split_once(" <"))
            .filter(|(name, address)| !name.is_empty() && address.contains('@'));
        if address.is_none() || !is_line(&self.maintainer) {
            return Err(self.refused("Maintainer", "is not a name and a mail address: Name <a@b>"));
        }
        if !is_line(&self.synopsis) || self.synopsis.len() > 80 {
            return Err(self.refused("Description", "is not one line of at most 80 characters"));
        }
        Ok(())
    }

    /// The long part of the description: lines, an empty one between paragraphs; those with
    /// blanks in front are shown as they are.
    ///
    /// # Errors
    /// [`Error::Refused`] for control characters.
    pub fn description(mut self, text: &str) -> Result<Self> {
        let wrong = |line: &str| !line.trim().is_empty() && !is_line(line.trim());
        if text.lines().any(wrong) {
            return Err(self.refused("Description", "has a control character or a long line"));
        }
        text.trim_end().clone_into(&mut self.description);
        Ok(self)
    }

    /// Adds a field to the control file. Those that [`Build`] itself writes cannot be set.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name or value that is not one line, or a second field.
    pub fn field(mut self, name: &str, value: &str) -> Result<Self> {
        let known = control::OWN
            .iter()
            .any(|own| own.eq_ignore_ascii_case(name))
            || self
                .fields
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name));
        let fits = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if known || !fits || !is_line(value) {
            return Err(self.refused(name, "cannot be added as a field of one line"));
        }
        self.fields.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// Adds a file, mode 0644. `path` is where it goes below the root.
    ///
    /// # Errors
    /// [`Error::Refused`] for a path that is taken, or that another file has as directory,
    /// or that has characters dpkg's lists cannot hold; and when there are too many bytes.
    pub fn file(mut self, path: &SafePath, content: &[u8], upgrade: Upgrade) -> Result<Self> {
        let fits = |c: char| c.is_ascii_graphic() && c != '\\';
        if !path.as_str().chars().all(fits) {
            return Err(self.refused(
                path.as_str(),
                "has a blank or a character that is not ASCII",
            ));
        }
        // What the name field of a tar header holds, `./` in front.
        if path.as_str().len() > 98 {
            return Err(self.refused(path.as_str(), "is longer than 98 bytes"));
        }
        let below = |one: &str, other: &str| {
            one.strip_prefix(other)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let taken = self.files.keys().any(|other| {
            other == path
                || below(other.as_str(), path.as_str())
                || below(path.as_str(), other.as_str())
        });
        if taken {
            return Err(self.refused(path.as_str(), "is in the package already, or in its way"));
        }
        let bytes: usize = self.files.values().map(|file| file.content.len()).sum();
        if bytes.saturating_add(content.len()) > MOST_BYTES {
            return Err(self.refused(path.as_str(), "makes the package too large"));
        }
        let file = BuildFile {
            content: content.to_vec(),
            conffile: upgrade == Upgrade::Asks,
        };
        self.files.insert(path.clone(), file);
        Ok(self)
    }

    /// Adds what every package of Debian's has: `copyright`, and a changelog with one entry.
    ///
    /// # Errors
    /// As [`Build::file`].
    pub fn documented(self, copyright: &str, changes: &[String], time: Timestamp) -> Result<Self> {
        if changes.iter().any(|change| !is_line(change)) {
            return Err(self.refused("changelog", "has a change that is not one line"));
        }
        let folder = SafePath::new(&format!("usr/share/doc/{}", self.name))?;
        let mut text = format!(
            "{} ({}) unstable; urgency=medium\n\n",
            self.name, self.version
        );
        for change in changes {
            text.push_str(&format!("  * {change}\n"));
        }
        let date = time.strftime("%a, %d %b %Y %H:%M:%S +0000");
        text.push_str(&format!("\n -- {}  {date}\n", self.maintainer));
        // A native version has no Debian revision.
        let name = if self.version.contains('-') {
            "changelog.Debian.gz"
        } else {
            "changelog.gz"
        };
        let log = archive::gzip(text.as_bytes()).map_err(|error| self.failed(error))?;
        self.file(
            &folder.child("copyright")?,
            copyright.as_bytes(),
            Upgrade::Replaces,
        )?
        .file(&folder.child(name)?, &log, Upgrade::Replaces)
    }

    /// `NAME_VERSION_ARCHITECTURE.deb`, the epoch left out.
    pub fn file_name(&self) -> String {
        let version = self.version.split_once(':').map_or(&*self.version, |v| v.1);
        format!("{}_{version}_{}.deb", self.name, self.architecture)
    }

    /// The package, not signed. Every time in it is `time`; control and data are stored in
    /// `compression`: none, gzip, xz or zstd.
    ///
    /// # Errors
    /// [`Error::Refused`] for another compression, or when what was built does not read
    /// back as it was meant.
    pub fn bytes(&self, compression: Compression, time: Timestamp) -> Result<Vec<u8>> {
        let suffix = match compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Xz => ".xz",
            Compression::Zstd => ".zst",
            Compression::Bzip2 | Compression::Lzma | Compression::Lz4 => {
                return Err(self.refused("compression", "is none of none, gzip, xz and zstd"));
            }
        };
        let seconds = u64::try_from(time.as_second()).unwrap_or(0);
        let write = || -> std::io::Result<Vec<u8>> {
            let control = archive::tar(&self.control_files(), seconds)?;
            let files = self
                .files
                .iter()
                .map(|(path, file)| (path.as_str(), file.content.as_slice()));
            let data = archive::tar(&files.collect::<Vec<_>>(), seconds)?;
            archive::ar(
                &[
                    ("debian-binary".to_owned(), b"2.0\n".to_vec()),
                    (
                        format!("control.tar{suffix}"),
                        compression.compress(&control)?,
                    ),
                    (format!("data.tar{suffix}"), compression.compress(&data)?),
                ],
                seconds,
            )
        };
        let bytes = write().map_err(|error| self.failed(error))?;
        self.read_back(&bytes)?;
        Ok(bytes)
    }

    fn read_back(&self, bytes: &[u8]) -> Result<()> {
        let limits = Limits::default();
        let mut scan = crate::control::Scan::new(&limits);
        let fed = scan.write_all(bytes).map_err(|error| self.failed(error));
        fed?;
        let name = self.file_name();
        let refused = |finding: Box<Finding>| Error::Refused {
            path: name.clone().into(),
            findings: vec![*finding],
        };
        let control = scan.finish(&name).map_err(refused)?;
        let same = control.package() == self.name
            && control.version() == self.version
            && control.architecture() == self.architecture
            && control.text("Maintainer") == Some(&*self.maintainer);
        if same {
            Ok(())
        } else {
            Err(self.refused("control", "does not read back as it was meant"))
        }
    }

    /// Builds, signs and writes the package into a directory, under its own name. It is
    /// signed and verified before it becomes visible.
    ///
    /// # Errors
    /// As [`Build::bytes`] and [`sign`](crate::package::sign).
    pub fn write_signed(
        &self,
        directory: &Path,
        compression: Compression,
        options: &SignOptions,
        signers: &[Signer],
        time: Timestamp,
    ) -> Result<Signed> {
        let target = directory.join(self.file_name());
        Destination::Directory(directory.to_owned()).prepare()?;
        let mut unsigned = StagedFile::create(&target)?;
        unsigned
            .write_all(&self.bytes(compression, time)?)
            .map_err(|error| Error::write(&target, error))?;
        let file = unsigned.reopen()?;
        let limits = Limits::default();
        let beside = Destination::Beside;
        let (staged, examination) =
            stage_from(&file, &target, options, signers, time, &beside, &limits)?;
        staged.commit()?;
        Ok(Signed {
            outputs: vec![target],
            examination,
        })
    }

    fn refused(&self, field: &str, what: &str) -> Error {
        let finding = Finding::reject(codes::DEB_BUILD, field, format!("{field} {what}"));
        Error::Refused {
            path: self.file_name().into(),
            findings: vec![finding],
        }
    }

    fn failed(&self, error: std::io::Error) -> Error {
        Error::write(Path::new(&self.file_name()), error)
    }
}

/// One visible line without blanks around it.
fn is_line(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
