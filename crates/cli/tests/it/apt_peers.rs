//! Repositories of ours before every client of apt repositories: apt 2.6 with gpgv, apt 3
//! with sqv, debootstrap, reprepro, aptly and debmirror. Each takes what we signed, and
//! refuses it where it knows another key only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::put;
use pkgseal_testkit::build::source::Source;
use pkgseal_testkit::http::Server;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, apt, mirror};

use crate::run::{find, pkgseal, private_key};

const KEY: &str = "good-rsa4096";

/// A small distribution: what debootstrap takes for a base system, and `hello`.
fn debs() -> Vec<Deb> {
    vec![
        Deb::new("base-files", "13", "amd64")
            .field("Priority", "required")
            .field("Essential", "yes"),
        Deb::new("apt", "3.0", "amd64")
            .field("Priority", "required")
            .field("Depends", "base-files"),
        Deb::new("common", "2.0~rc1-1", "all"),
        Deb::new("hello", "1:1.0+b1-1", "amd64").field("Depends", "common (>= 1)"),
    ]
}

/// A repository made and signed by the command, in a folder of its own.
struct Published {
    folder: tempfile::TempDir,
}

impl Published {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let published = Self { folder };
        let pool = published.path().join("pool/main");
        for deb in debs() {
            put(&pool, &deb.file_name(), deb.build());
        }
        for (name, content) in source() {
            put(&pool, &name, content);
        }
        let key = private_key(published.folder.path(), &format!("{KEY}.key.asc"));
        pkgseal(["apt", "index", "--suite", "stable", "--time", keys::SIGNED])
            .arg("--key")
            .arg(key)
            .arg(published.path())
            .run()
            .expect(0);
        published
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }
}

/// The files of a source package.
fn source() -> [(String, Vec<u8>); 2] {
    let source = Source::new("hello", "1.0");
    let (dsc, text) = source.dsc();
    [(dsc, text.into_bytes()), source.tarball()]
}

/// The name a package is downloaded under: apt and debootstrap write an epoch.
fn names(downloaded: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = downloaded
        .into_iter()
        .filter_map(|name| Some(name.split_once('_')?.0.to_owned()))
        .collect();
    names.sort();
    names
}

/// Gives an apt one source, trusting the key of this name.
fn trust(root: &apt::Root, uri: &str, key: &str) {
    root.trust(uri, "stable", "main", &keys::keyring(&[key]));
    let sources = "etc/apt/sources.list.d/test.sources";
    let text = fs::read_to_string(root.path().join(sources)).unwrap();
    root.sources(&text.replace("Types: deb", "Types: deb deb-src"));
}

/// `apt-get update`, then `install --download-only`: the packages as they were built.
fn installs(root: &apt::Root) {
    let run = root.update().expect_ok();
    assert!(!run.says("W:") && !run.says("E:"), "{run}");
    root.download(&["hello"]).expect_ok();
    let downloaded = root.downloaded();
    assert_eq!(names(downloaded.keys().cloned()), ["common", "hello"]);
    for deb in debs() {
        for (name, content) in &downloaded {
            if name.split('_').next() == Some(&*deb.name) {
                assert_eq!(*content, deb.build(), "{name}");
            }
        }
    }
    root.source(&["hello"]).expect_ok();
    for (name, content) in source() {
        assert_eq!(fs::read(root.path().join(name)).unwrap(), content);
    }
}

#[test]
fn apt_installs_from_files() {
    let published = Published::new();
    for which in apt::Which::ALL {
        let Some(root) = apt::Root::of(which, "") else {
            continue;
        };
        let uri = format!("file:{}", root.bring(&published.path()).display());
        trust(&root, &uri, "stranger");
        root.update().expect_failure();
        trust(&root, &uri, KEY);
        root.update().expect_ok();
        // It reads files of a `file:` source where they lie, and checks them there.
        root.download(&["hello"]).expect_ok();
        let deb = peers::files(root.path())
            .into_iter()
            .find(|path| path.to_string_lossy().contains("/hello_"))
            .unwrap_or_else(|| find(&published.path(), "1.0+b1-1_amd64.deb"));
        fs::write(&deb, b"something else").unwrap();
        root.download(&["hello"]).expect_failure();
        fs::write(&deb, debs()[3].build()).unwrap();
    }
}

#[test]
fn apt_installs_over_http_by_hash() {
    let published = Published::new();
    let server = Server::of(&published.path());
    for which in apt::Which::ALL {
        let Some(root) = apt::Root::of(which, "") else {
            continue;
        };
        trust(&root, &server.url(), "stranger");
        root.update().expect_failure();
        let log = server.take_log();
        assert!(log.iter().all(|r| !r.path.contains("by-hash")), "{log:?}");

        trust(&root, &server.url(), KEY);
        installs(&root);
        let log = server.take_log();
        let asked = |what: &str| log.iter().filter(|r| r.path.contains(what)).count();
        assert_eq!(asked("dists/stable/InRelease"), 1, "{log:?}");
        assert!(asked("/by-hash/SHA256/") > 0, "{log:?}");
        assert_eq!(asked("Packages"), 0, "{log:?}");
        assert!(log.iter().all(|request| request.status == 200), "{log:?}");
    }
}

#[test]
fn debootstrap_takes_a_base_system() {
    let published = Published::new();
    let server = Server::of(&published.path());
    let urls = [
        server.url(),
        format!("file://{}", published.path().display()),
    ];
    let keyring = keys::keyring(&[KEY]);
    for url in urls {
        let target = tempfile::tempdir().unwrap();
        let Some(run) = mirror::debootstrap(&url, &keyring, &["--print-debs"], target.path())
        else {
            return;
        };
        let run = run.expect_ok();
        let listed = String::from_utf8_lossy(&run.stdout).into_owned();
        let mut listed: Vec<_> = listed.split_whitespace().collect();
        listed.sort_unstable();
        assert_eq!(listed, ["apt", "base-files"], "{run}");

        let target = tempfile::tempdir().unwrap();
        let options = ["--download-only", "--include=hello"];
        let run = mirror::debootstrap(&url, &keyring, &options, target.path());
        run.unwrap().expect_ok();
        let archives = target.path().join("var/cache/apt/archives");
        let files = fs::read_dir(archives).unwrap();
        let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(names(files), ["apt", "base-files", "common", "hello"]);

        let target = tempfile::tempdir().unwrap();
        let stranger = keys::keyring(&["stranger"]);
        let run = mirror::debootstrap(&url, &stranger, &["--print-debs"], target.path());
        run.unwrap().expect_failure();
    }
}

#[test]
fn reprepro_updates() {
    let published = Published::new();
    let server = Server::of(&published.path());
    let key = keys::load(KEY);
    let stranger = keys::load("stranger");
    for (trusted, accepts) in [(&key, true), (&stranger, false)] {
        let distributions = "Codename: stable\nArchitectures: amd64 source\nComponents: main\n\
                             Description: a copy\nUpdate: upstream\n";
        let keys = [&key, &stranger];
        let Some(reprepro) = peers::reprepro::Reprepro::new(distributions, &keys) else {
            return;
        };
        // The subkey that signs: reprepro wants that one named.
        let fingerprint = trusted.signing_fingerprint();
        reprepro.configure(
            "updates",
            &format!(
                "Name: upstream\nMethod: {}\nSuite: stable\nComponents: main\n\
                 Architectures: amd64 source\nVerifyRelease: {}\n",
                server.url(),
                &fingerprint[fingerprint.len() - 16..]
            ),
        );
        let run = reprepro.run(&["--noskipold", "update"]);
        if !accepts {
            run.expect_failure();
            continue;
        }
        run.expect_ok();
        same_packages(reprepro.path());
        reprepro.run(&["checkpool"]).expect_ok();
    }
}

#[test]
fn aptly_mirrors() {
    let published = Published::new();
    let server = Server::of(&published.path());
    let Some(aptly) = peers::aptly::Aptly::new(&[]) else {
        return;
    };
    let keyring = |name| {
        let path = aptly.put(&format!("{name}.gpg"), &keys::keyring(&[name]));
        format!("-keyring={}", path.display())
    };
    let (trusted, stranger) = (keyring(KEY), keyring("stranger"));
    let url = server.url();
    let create = |keyring: &str, name| {
        let options = [
            "mirror",
            "create",
            "-architectures=amd64",
            "-with-sources",
            keyring,
            name,
        ];
        aptly.run(&[&options[..], &[&*url, "stable", "main"]].concat())
    };
    create(&stranger, "refused").expect_failure();
    create(&trusted, "taken").expect_ok();
    aptly
        .run(&["mirror", "update", &stranger, "taken"])
        .expect_failure();
    aptly
        .run(&["mirror", "update", &trusted, "taken"])
        .expect_ok();
    let shown = aptly.run(&["mirror", "show", "-with-packages", "taken"]);
    let shown = shown.expect_ok();
    for deb in debs() {
        let name = format!("{}_{}_{}", deb.name, deb.version, deb.architecture);
        assert!(shown.says(&name), "{shown}");
    }
    same_packages(&aptly.path().join("pool"));
}

#[test]
fn debmirror_mirrors() {
    let published = Published::new();
    let server = Server::of(&published.path());
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join("mirror");
    let options = ["--checksums"];
    let stranger = keys::keyring(&["stranger"]);
    let Some(run) = mirror::debmirror(&server.host(), &stranger, &options, &to) else {
        return;
    };
    run.expect_failure();
    let keyring = keys::keyring(&[KEY]);
    let run = mirror::debmirror(&server.host(), &keyring, &options, &to);
    run.unwrap().expect_ok();
    same_packages(&to);
    // And we accept the mirror it made.
    pkgseal(["verify", "--time", keys::NOW, "--keyring"])
        .arg(keys::load(KEY).certificate_path())
        .arg(&to)
        .run()
        .expect(0);
}

/// The packages beneath a folder are ours, byte for byte, and so is the source.
fn same_packages(folder: &Path) {
    let files = peers::files(folder);
    let contents: BTreeSet<_> = files
        .iter()
        .filter(|path| {
            let name = path.to_string_lossy();
            [".deb", ".dsc", "hello_1.0.tar.xz"]
                .iter()
                .any(|end| name.ends_with(end))
        })
        .map(|path| fs::read(path).unwrap())
        .collect();
    let debs = debs().into_iter().map(|deb| deb.build());
    let sources = source().into_iter().map(|(_, content)| content);
    let expected: BTreeSet<_> = debs.chain(sources).collect();
    assert!(contents == expected, "{files:?}");
}
