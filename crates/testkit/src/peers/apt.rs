//! apt in a private root, and Debian's real InRelease files through it.

use std::path::Path;
use std::process::Command;

use super::{Run, have, put, run, scratch};

/// An apt that has its own `/etc`, `/var` and keyrings.
#[derive(Debug)]
pub struct Root {
    folder: tempfile::TempDir,
}

impl Root {
    /// A root with these sources (`/etc/apt/sources.list.d/test.sources`, deb822).
    pub fn new(sources: &str) -> Option<Self> {
        have("apt-get")?;
        let folder = scratch();
        let root = Self { folder };
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

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `apt-get`, `apt-cache`… in this root. The host's apt.conf (proxies) still counts;
    /// its switched-off date checks do not.
    ///
    /// `Acquire::Languages=none` keeps it from asking for translations.
    pub fn command(&self, program: &str) -> Command {
        let root = self.path().display();
        let mut command = have(program).expect("apt-get came with it").command();
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
}

/// `apt-get update` of a `file:` repository trusted by one keyring, in a root of its own.
/// `suite` ends in `/` for a flat repository, and `components` is then empty.
pub fn update(repository: &Path, suite: &str, components: &str, keyring: &[u8]) -> Option<Run> {
    let root = Root::new("")?;
    let keyring = put(root.path(), "etc/apt/keyrings/test.gpg", keyring);
    let mut sources = format!(
        "Types: deb\nURIs: file:{}\nSuites: {suite}\nSigned-By: {}\n",
        repository.display(),
        keyring.display()
    );
    if !components.is_empty() {
        sources.push_str(&format!("Components: {components}\n"));
    }
    root.sources(&sources);
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
