//! createrepo_c and dnf.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Run, have, put, run, scratch};
use crate::keys::TestKey;

/// `createrepo_c` over a folder of packages, with a fixed revision and timestamps.
pub fn createrepo_c(folder: &Path, options: &[&str]) -> Option<Run> {
    let createrepo_c = have("createrepo_c")?;
    Some(run(createrepo_c
        .command()
        .args(["--quiet", "--no-database", "--set-timestamp-to-revision"])
        .args(["--revision", "1740787200"])
        .args(options)
        .arg(folder)))
}

/// `modifyrepo_c`: adds one more metadata file of this type to a repository.
pub fn modifyrepo_c(folder: &Path, file: &Path, kind: &str) -> Option<Run> {
    let modifyrepo_c = have("modifyrepo_c")?;
    Some(run(modifyrepo_c
        .command()
        .arg(format!("--mdtype={kind}"))
        .arg(file)
        .arg(folder.join("repodata"))))
}

/// `dnf repoquery` of a `file:` repository with `repo_gpgcheck=1` and the key of `key`
/// (its packages' names come on standard output), in a private root.
///
/// dnf 4 imports the key into its own keyring of the cache (through gpgme and gpg): `-y`
/// agrees. `dnf makecache` alone says nothing of a bad signature in its exit code when
/// the repository may be skipped, hence `skip_if_unavailable=False`.
pub fn dnf(repository: &Path, key: &TestKey) -> Option<Run> {
    dnf_by(&format!(
        "[test]\nname=TEST\nbaseurl=file://{}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n\
         gpgkey=file://{}\n",
        repository.display(),
        key.certificate_path().display()
    ))
}

/// As [`dnf`], by the `.repo` file that is given.
pub fn dnf_by(repo_file: &str) -> Option<Run> {
    let dnf = Dnf::by(repo_file)?;
    Some(dnf.run(&["repoquery", "--refresh", "--queryformat", "%{name}"]))
}

/// dnf with one repository and a private root to install into.
#[derive(Debug)]
pub struct Dnf {
    folder: tempfile::TempDir,
    program: super::Peer,
}

impl Dnf {
    /// Of the repository at this URL, trusting this key.
    pub fn new(url: &str, key: &TestKey) -> Option<Self> {
        Self::by(&format!(
            "[test]\nname=TEST\nbaseurl={url}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n\
             gpgkey=file://{}\n",
            key.certificate_path().display()
        ))
    }

    /// As this `.repo` file says.
    pub fn by(repo_file: &str) -> Option<Self> {
        let program = have("dnf")?;
        let folder = scratch();
        let below = |name: &str| folder.path().join(name);
        for name in ["root", "cache", "persist", "log", "repos", "home"] {
            std::fs::create_dir_all(below(name)).unwrap();
        }
        put(
            folder.path(),
            "repos/test.repo",
            format!("{repo_file}skip_if_unavailable=False\n"),
        );
        put(
            folder.path(),
            "dnf.conf",
            format!(
                "[main]\nreposdir={}\ncachedir={}\npersistdir={}\nlogdir={}\nplugins=0\n\
                 module_platform_id=platform:test\n",
                below("repos").display(),
                below("cache").display(),
                below("persist").display(),
                below("log").display()
            ),
        );
        Some(Self { folder, program })
    }

    /// Where it installs.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Runs a subcommand of it.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run(self
            .program
            .command()
            .env("HOME", self.folder.path().join("home"))
            .arg("--config")
            .arg(self.folder.path().join("dnf.conf"))
            .arg("--installroot")
            .arg(self.root())
            .args(["--releasever", "1", "--forcearch", "x86_64", "--assumeyes"])
            .args(arguments))
    }
}

/// `zypper refresh` of the repository at this URL with `gpgcheck=1`, trusting this key, and
/// then `zypper search`, in a private root: what it finds comes on standard output. Keys that
/// the repository or its configuration names are imported, as if the user had agreed.
pub fn zypper(url: &str, key: &TestKey) -> Option<Run> {
    Some(zypper_by(&have("zypper")?, url, &key.certificate_path()))
}

/// As [`zypper`], with its clock at a time and the keys of a file.
pub fn zypper_at(time: Timestamp, url: &str, keys: &Path) -> Option<Run> {
    Some(zypper_by(&have("zypper")?.at(time)?, url, keys))
}

fn zypper_by(program: &super::Peer, url: &str, keys: &Path) -> Run {
    let folder = scratch();
    let root = folder.path().join("root");
    let repositories = root.join("etc/zypp/repos.d");
    std::fs::create_dir_all(&repositories).unwrap();
    std::fs::create_dir_all(root.join("var/lib/rpm")).unwrap();
    put(
        &repositories,
        "test.repo",
        format!(
            "[test]\nname=TEST\nenabled=1\nautorefresh=0\nbaseurl={url}\ntype=rpm-md\n\
             gpgcheck=1\nrepo_gpgcheck=1\npkg_gpgcheck=1\ngpgkey=file://{}\n",
            keys.display()
        ),
    );
    let zypper = |arguments: &[&str]| {
        run(program
            .command()
            .env("HOME", folder.path())
            .env("ZYPP_ARCH", "x86_64")
            .arg("--root")
            .arg(&root)
            .arg("--non-interactive")
            .args(arguments))
    };
    let refreshed = zypper(&["--gpg-auto-import-keys", "refresh", "--force"]);
    if !refreshed.accepted() {
        return refreshed;
    }
    zypper(&["search", "--details"])
}

/// Which of these `file:` repositories (ID, folder, key file) dnf loads at a time, each with
/// `repo_gpgcheck=1`, in one run and in a private root. None of them holds up the others.
pub fn dnf_takes(
    repositories: &[(String, PathBuf, PathBuf)],
    time: Timestamp,
) -> Option<Vec<String>> {
    let dnf = have("dnf")?.at(time)?;
    let folder = scratch();
    let below = |name: &str| folder.path().join(name);
    for name in ["root", "cache", "persist", "log", "repos", "home"] {
        std::fs::create_dir_all(below(name)).unwrap();
    }
    let entries: String = repositories
        .iter()
        .map(|(id, root, key)| {
            format!(
                "[{id}]\nname={id}\nbaseurl=file://{}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n\
                 gpgkey=file://{}\nskip_if_unavailable=True\n\n",
                root.display(),
                key.display()
            )
        })
        .collect();
    put(folder.path(), "repos/test.repo", entries);
    let config = put(
        folder.path(),
        "dnf.conf",
        format!(
            "[main]\nreposdir={}\ncachedir={}\npersistdir={}\nlogdir={}\nplugins=0\n\
             module_platform_id=platform:test\n",
            below("repos").display(),
            below("cache").display(),
            below("persist").display(),
            below("log").display()
        ),
    );
    let done = run(dnf
        .command()
        .env("HOME", below("home"))
        .arg("--config")
        .arg(config)
        .arg("--installroot")
        .arg(below("root"))
        .args(["--releasever", "1", "--forcearch", "x86_64", "--assumeyes"])
        .args(["repoquery", "--refresh", "--queryformat", "%{repoid}"]));
    let known = |line: &&str| repositories.iter().any(|(id, ..)| id == line);
    let mut taken: Vec<String> = String::from_utf8_lossy(&done.stdout)
        .lines()
        .filter(known)
        .map(str::to_owned)
        .collect();
    taken.sort();
    taken.dedup();
    Some(taken)
}
