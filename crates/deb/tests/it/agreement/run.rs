//! The real clients: many repositories, one `apt-get update` a day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkgseal_testkit::{keys, peers};

use super::case::{Case, KeyFile, PACKAGES};

/// What a client did with a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// Whether it took the root over (and perhaps failed at an index).
    pub(crate) accepted: bool,
    /// Whether it said anything of it that is no error.
    pub(crate) warned: bool,
    /// Its words, for people.
    pub(crate) words: String,
}

/// A client that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Real {
    /// The chroot it stands in, if in one.
    root: Option<PathBuf>,
}

impl Real {
    /// Debian 12's, installed here.
    pub(crate) fn bookworm() -> Option<Self> {
        peers::have("faketime")?;
        let apt = peers::have("apt-get")?;
        let version = apt.run(["--version"]).text;
        if !version.starts_with("apt 2.6.") {
            println!("SKIP: apt here is not of Debian 12: {version}");
            return None;
        }
        Some(Self { root: None })
    }

    /// Debian 13's, in its chroot.
    pub(crate) fn trixie() -> Option<Self> {
        let root = peers::trixie::root()?;
        if !root.join("usr/bin/faketime").exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "faketime is not installed in {}",
                root.display()
            );
            println!("SKIP: faketime is not installed in {}", root.display());
            return None;
        }
        Some(Self { root: Some(root) })
    }

    /// What it does with each case.
    pub(crate) fn judge(&self, cases: &[Case]) -> Vec<Done> {
        let mut days = BTreeMap::<(&str, Option<usize>), Vec<usize>>::new();
        for (number, case) in cases.iter().enumerate() {
            let own = case.alone.then_some(number);
            days.entry((case.now, own)).or_default().push(number);
        }
        let mut done = vec![None; cases.len()];
        for ((day, _), numbers) in days {
            let of_the_day: Vec<_> = numbers.iter().map(|&number| &cases[number]).collect();
            for (number, one) in numbers.into_iter().zip(self.day(day, &of_the_day)) {
                done[number] = Some(one);
            }
        }
        done.into_iter().map(Option::unwrap).collect()
    }

    /// All cases of a day, in one run.
    fn day(&self, day: &str, cases: &[&Case]) -> Vec<Done> {
        let folder = match &self.root {
            None => tempfile::tempdir().unwrap(),
            Some(root) => tempfile::tempdir_in(root.join("tmp")).unwrap(),
        };
        // As the client sees it.
        let seen = match &self.root {
            None => folder.path().to_owned(),
            Some(root) => Path::new("/").join(folder.path().strip_prefix(root).unwrap()),
        };
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        for below in [
            "apt/etc/apt/apt.conf.d",
            "apt/etc/apt/preferences.d",
            "apt/etc/apt/sources.list.d",
            "apt/etc/apt/trusted.gpg.d",
            "apt/var/lib/apt/lists/partial",
            "apt/var/cache/apt/archives/partial",
        ] {
            std::fs::create_dir_all(folder.path().join(below)).unwrap();
        }
        put("apt/var/lib/dpkg/status", b"");
        for (number, case) in cases.iter().enumerate() {
            let base = if case.flat {
                format!("r/{number:04}")
            } else {
                format!("r/{number:04}/dists/stable")
            };
            let index = if case.flat {
                "Packages"
            } else {
                "main/binary-amd64/Packages"
            };
            put(&format!("{base}/{index}"), PACKAGES.as_bytes());
            for (name, bytes) in [
                ("InRelease", &case.inrelease),
                ("Release", &case.release),
                ("Release.gpg", &case.signature),
            ] {
                if let Some(bytes) = bytes {
                    put(&format!("{base}/{name}"), bytes);
                }
            }
            let mut signed_by = match &case.key_file {
                KeyFile::Named(extension, bytes) => {
                    let name = format!("keys/{number:04}.{extension}");
                    if let Some(bytes) = bytes {
                        put(&name, bytes);
                    }
                    seen.join(name).display().to_string()
                }
                KeyFile::Inline(block) => String::from_utf8_lossy(block)
                    .lines()
                    .map(|line| format!("\n {}", if line.is_empty() { "." } else { line }))
                    .collect(),
            };
            for pin in &case.pins {
                signed_by = format!("{signed_by}, {pin}");
            }
            let suite = if case.flat {
                "Suites: ./"
            } else {
                "Suites: stable\nComponents: main"
            };
            let entry = format!(
                "Types: deb\nURIs: file:{}/r/{number:04}\n{suite}\nSigned-By: {signed_by}\n",
                seen.display()
            );
            put(
                &format!("apt/etc/apt/sources.list.d/{number:04}.sources"),
                entry.as_bytes(),
            );
        }
        let text = self.update(day, &seen);
        let lists: Vec<String> = std::fs::read_dir(folder.path().join("apt/var/lib/apt/lists"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        (0..cases.len())
            .map(|number| done(number, &text, &lists))
            .collect()
    }

    fn update(&self, day: &str, seen: &Path) -> String {
        let root = seen.join("apt");
        let root = root.display();
        let mut command = match &self.root {
            None => Command::new("faketime"),
            Some(chroot) => {
                let mut command = Command::new("chroot");
                command.arg(chroot).arg("faketime");
                command
            }
        };
        let day = keys::time(day).strftime("@%Y-%m-%d %H:%M:%S").to_string();
        command
            .args(["-f", &day, "apt-get"])
            .args(
                [
                    format!("Dir={root}"),
                    format!("Dir::State::status={root}/var/lib/dpkg/status"),
                    "Dir::Bin::dpkg=/usr/bin/dpkg".into(),
                    "Dir::Bin::methods=/usr/lib/apt/methods".into(),
                    "APT::Sandbox::User=root".into(),
                    "APT::Architecture=amd64".into(),
                    "APT::Architectures=amd64".into(),
                    "APT::Update::Post-Invoke-Success::=/bin/true".into(),
                    "Acquire::Languages=none".into(),
                    "Acquire::Check-Valid-Until=true".into(),
                    "Acquire::Check-Date=true".into(),
                ]
                .into_iter()
                .flat_map(|option: String| ["-o".to_owned(), option]),
            )
            .arg("update")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env_remove("GNUPGHOME")
            .env_remove("SEQUOIA_CRYPTO_POLICY")
            .env_remove("TMPDIR");
        peers::run(&mut command).text
    }
}

/// What the output and the lists say of one repository.
fn done(number: usize, text: &str, lists: &[String]) -> Done {
    let (uri, listed) = (format!("/r/{number:04}"), format!("_r_{number:04}_"));
    let accepted = lists.iter().any(|name| {
        name.contains(&listed) && (name.ends_with("_InRelease") || name.ends_with("_Release"))
    });
    let mut about = false;
    let mut words = Vec::new();
    let mut warned = false;
    for line in text.lines() {
        if line.starts_with(' ') {
            if about {
                words.push(line.trim());
            }
            continue;
        }
        about = line.contains(&uri) || line.contains(&listed);
        let progress = ["Get:", "Ign:", "Hit:"]
            .iter()
            .any(|word| line.starts_with(word));
        if about && !progress {
            words.push(line);
            warned |= line.starts_with("W:");
        }
    }
    let words = words.join(" | ");
    Done {
        // Indices are fetched once the root is taken over.
        accepted: accepted || words.contains("Hash Sum mismatch"),
        warned,
        words,
    }
}
