//! apt in a private root, and Debian's real InRelease files through it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::{Run, have, put, run, scratch, trixie};

/// Whose apt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The host's: Debian 12's apt 2.6 asks gpgv.
    Installed,
    /// Debian 13's: apt 3 asks sqv.
    Trixie,
}

impl Which {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Installed, Self::Trixie];
}

/// An apt that has its own `/etc`, `/var` and keyrings.
#[derive(Debug)]
pub struct Root {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Here(tempfile::TempDir),
    Trixie(trixie::Room),
}

impl Root {
    /// A root for the host's apt with these sources
    /// (`/etc/apt/sources.list.d/test.sources`, deb822).
    pub fn new(sources: &str) -> Option<Self> {
        Self::of(Which::Installed, sources)
    }

    /// A root for one of the two.
    pub fn of(which: Which, sources: &str) -> Option<Self> {
        let place = match which {
            Which::Installed => have("apt-get").map(|_| Place::Here(scratch()))?,
            Which::Trixie => Place::Trixie(trixie::Room::new()?),
        };
        let root = Self { place };
        for below in [
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/sources.list.d",
            "etc/apt/trusted.gpg.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
            "var/lib/dpkg",
        ] {
            std::fs::create_dir_all(root.path().join(below)).unwrap();
        }
        put(root.path(), "var/lib/dpkg/status", "");
        root.sources(sources);
        Some(root)
    }

    /// Replaces its sources.
    pub fn sources(&self, text: &str) {
        put(self.path(), "etc/apt/sources.list.d/test.sources", text);
    }

    /// Replaces its sources by one, trusted by this keyring (packets, not armored).
    pub fn trust(&self, uri: &str, suite: &str, components: &str, keyring: &[u8]) {
        put(self.path(), "etc/apt/keyrings/test.gpg", keyring);
        let mut sources = format!(
            "Types: deb\nURIs: {uri}\nSuites: {suite}\nSigned-By: {}\n",
            self.named("etc/apt/keyrings/test.gpg").display()
        );
        if !components.is_empty() {
            sources.push_str(&format!("Components: {components}\n"));
        }
        self.sources(&sources);
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        match &self.place {
            Place::Here(folder) => folder.path(),
            Place::Trixie(room) => room.outside(),
        }
    }

    /// What this apt calls a file of its folder.
    pub fn named(&self, below: &str) -> PathBuf {
        match &self.place {
            Place::Here(folder) => folder.path().join(below),
            Place::Trixie(room) => room.inside().join(below),
        }
    }

    /// What this apt calls a folder from anywhere: for the one in the chroot it is copied
    /// first.
    pub fn bring(&self, folder: &Path) -> PathBuf {
        match &self.place {
            Place::Here(_) => folder.to_owned(),
            Place::Trixie(room) => {
                let copy = room.outside().join("brought");
                let _ = std::fs::remove_dir_all(&copy);
                let mut cp = Command::new("cp");
                run(cp.arg("--archive").arg(folder).arg(&copy)).expect_ok();
                room.path_inside(&copy)
            }
        }
    }

    /// `apt-get`, `apt-cache`… in this root. The host's apt.conf (proxies) still counts;
    /// its switched-off date checks do not.
    ///
    /// `Acquire::Languages=none` keeps it from asking for translations.
    pub fn command(&self, program: &str) -> Command {
        self.with_options(match &self.place {
            Place::Here(_) => have(program).expect("apt-get came with it").command(),
            Place::Trixie(room) => room.command(program),
        })
    }

    /// As [`Self::command`], under faketime(1): its clock starts at `time`. `None` after a
    /// SKIP where there is no faketime.
    pub fn command_at(&self, time: Timestamp, program: &str) -> Option<Command> {
        Some(self.with_options(match &self.place {
            Place::Here(_) => have(program)?.at(time)?.command(),
            Place::Trixie(room) => {
                if !room.has("faketime") {
                    have("faketime in the chroot")?;
                }
                room.command_at(time, program)
            }
        }))
    }

    fn with_options(&self, mut command: Command) -> Command {
        let root = self.named("");
        let root = root.display();
        command.args([
            "-o",
            &format!("Dir={root}"),
            "-o",
            &format!("Dir::State::status={root}/var/lib/dpkg/status"),
            "-o",
            "Dir::Bin::dpkg=/usr/bin/dpkg",
            "-o",
            "Dir::Bin::methods=/usr/lib/apt/methods",
            "-o",
            "APT::Sandbox::User=root",
            "-o",
            "APT::Architecture=amd64",
            "-o",
            "APT::Architectures=amd64",
            "-o",
            "APT::Update::Post-Invoke-Success::=/bin/true",
            "-o",
            "Acquire::Languages=none",
            "-o",
            "Acquire::Check-Valid-Until=true",
            "-o",
            "Acquire::Check-Date=true",
        ]);
        command
    }

    /// `apt-get update`. It exits 0 though a source failed unless told otherwise, hence
    /// `APT::Update::Error-Mode=any`.
    pub fn update(&self) -> Run {
        run(self
            .command("apt-get")
            .args(["-o", "APT::Update::Error-Mode=any", "update"]))
    }

    /// `apt-get update` at a time, and what came of each repository: the words that are in
    /// its URI alone name it.
    pub fn update_at(&self, time: Timestamp, repositories: &[String]) -> Option<Vec<Came>> {
        let done = run(self.command_at(time, "apt-get")?.arg("update"));
        let lists: Vec<String> = std::fs::read_dir(self.path().join("var/lib/apt/lists"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let came = |name: &String| Came::of(name, &done.text, &lists);
        Some(repositories.iter().map(came).collect())
    }

    /// `apt-get install --download-only` of these packages, after [`Self::update`].
    pub fn download(&self, packages: &[&str]) -> Run {
        run(self
            .command("apt-get")
            .args(["install", "--download-only", "--yes"])
            .args(packages))
    }

    /// `apt-get source --download-only` of these packages, into its own folder.
    pub fn source(&self, packages: &[&str]) -> Run {
        let mut command = self.command("apt-get");
        if matches!(self.place, Place::Here(_)) {
            command.current_dir(self.path());
        }
        run(command.args(["source", "--download-only"]).args(packages))
    }

    /// The packages it has downloaded, by name, with their content.
    pub fn downloaded(&self) -> BTreeMap<String, Vec<u8>> {
        let archives = self.path().join("var/cache/apt/archives");
        std::fs::read_dir(archives)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "deb"))
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, std::fs::read(entry.path()).unwrap())
            })
            .collect()
    }
}

/// What an apt did with one repository of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// Whether it took its signed root over.
    pub accepted: bool,
    /// Whether it said anything of it that is no error.
    pub warned: bool,
    /// Its words.
    pub words: String,
}

impl Came {
    fn of(name: &str, text: &str, lists: &[String]) -> Self {
        let listed = name.replace('/', "_");
        let taken = |list: &String| {
            list.contains(&listed) && (list.ends_with("_InRelease") || list.ends_with("_Release"))
        };
        let mut about = false;
        let mut words = Vec::new();
        for line in text.lines() {
            if !line.starts_with(' ') {
                about = line.contains(name) || line.contains(&listed);
            }
            let progress = ["Get:", "Ign:", "Hit:"];
            if about && !progress.iter().any(|word| line.starts_with(word)) {
                words.push(line.trim_end());
            }
        }
        Self {
            accepted: lists.iter().any(taken),
            warned: words.iter().any(|line| line.starts_with("W:")),
            words: words.join(" | "),
        }
    }
}

/// `apt-get update` of a `file:` repository trusted by one keyring, in a root of its own.
/// `suite` ends in `/` for a flat repository, and `components` is then empty.
pub fn update(repository: &Path, suite: &str, components: &str, keyring: &[u8]) -> Option<Run> {
    update_by(Which::Installed, repository, suite, components, keyring)
}

/// As [`update`], by one of the two.
pub fn update_by(
    which: Which,
    repository: &Path,
    suite: &str,
    components: &str,
    keyring: &[u8],
) -> Option<Run> {
    let root = Root::of(which, "")?;
    let uri = format!("file:{}", root.bring(repository).display());
    root.trust(&uri, suite, components, keyring);
    Some(root.update())
}

/// Where this host gets Debian from, without the trailing slash: never a host of our
/// own choosing.
fn mirror(of: &str) -> Option<String> {
    let apt = have("apt-get")?;
    let listed = apt.run([
        "indextargets",
        "--format",
        "$(REPO_URI) $(ORIGIN) $(RELEASE)",
    ]);
    let wanted = |line: &&str| match of {
        "security" => line.contains("-security"),
        _ => line.contains(" Debian ") && !line.contains("-security"),
    };
    listed
        .text
        .lines()
        .find(wanted)
        .and_then(|line| line.split_whitespace().next())
        .map(|uri| uri.trim_end_matches('/').to_owned())
}

/// Fetches the InRelease of a Debian suite (`bookworm`, `bookworm-security`, `sid`…)
/// with the host's own apt configuration. `None` when the host has no Debian source or
/// no network: these tests are for machines that have both.
///
/// `apt-helper download-file` fetches without judging: that is pkgseal's business, and
/// apt would leave out a suite whose signature its own keyring cannot verify.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
pub fn debian_inrelease(suite: &str) -> Option<Vec<u8>> {
    let of = if suite.ends_with("-security") {
        "security"
    } else {
        "main"
    };
    let Some(uri) = mirror(of) else {
        println!("SKIP: this host's apt knows no Debian source");
        return None;
    };
    let root = Root::new("")?;
    let target = root.path().join("InRelease");
    let mut command = root.command("apt-get");
    let options: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = Command::new("/usr/lib/apt/apt-helper");
    let fetched = run(command
        .args(options)
        .args(["-o", "Acquire::Retries=2", "download-file"])
        .arg(format!("{uri}/dists/{suite}/InRelease"))
        .arg(&target));
    if !fetched.accepted() {
        println!("SKIP: {suite} cannot be fetched here: {fetched}");
        return None;
    }
    Some(std::fs::read(target).unwrap())
}
