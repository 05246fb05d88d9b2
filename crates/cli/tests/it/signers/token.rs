//! Tokens that lack something, lock, are pulled out or lie: what is said, and what is left.

use std::fs;
use std::path::PathBuf;

use pkgseal_testkit::build::put;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys::{self, load};
use pkgseal_testkit::peers::run;
use pkgseal_testkit::peers::softhsm::{Beside, PIN, SoftHsm, TOKEN};

use crate::run::{Call, Run, listing, pkgseal};

const KEY: &str = "good-p256";

/// A token with one key on it, and a file to sign.
struct Bench {
    hsm: SoftHsm,
    folder: tempfile::TempDir,
    module: PathBuf,
    pin: Option<PathBuf>,
    certificate: &'static str,
    wishes: Vec<(&'static str, String)>,
}

impl Bench {
    fn new() -> Option<Self> {
        let hsm = SoftHsm::new()?;
        hsm.import(&load(KEY), "release", "a1", Beside::Public);
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "notes.txt", "some words\n");
        Some(Self {
            module: hsm.module(),
            pin: Some(hsm.pin_file()),
            certificate: KEY,
            wishes: Vec::new(),
            folder,
            hsm,
        })
    }

    /// With a module that misbehaves as it is asked.
    fn wayward(wishes: &[(&'static str, &str)]) -> Option<Self> {
        let mut bench = Self::new()?;
        bench.module = bench.hsm.wayward_module()?;
        let wishes = wishes.iter();
        bench.wishes = wishes
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        bench
            .wishes
            .push(("WAYWARD_LOG", bench.log().display().to_string()));
        Some(bench)
    }

    fn log(&self) -> PathBuf {
        self.hsm.settings().with_file_name("log")
    }

    /// How often the module's log says so.
    fn logged(&self, what: &str) -> usize {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().filter(|line| *line == what).count()
    }

    fn call(&self, uri: &str) -> Call {
        let mut call = pkgseal(["sign", "--time", keys::SIGNED, "--key"])
            .arg(format!("pkcs11:{uri}"))
            .env("SOFTHSM2_CONF", self.hsm.settings())
            .env("PKGSEAL_PKCS11_MODULE", &self.module)
            .arg("--certificate")
            .arg(load(self.certificate).certificate_path());
        if let Some(pin) = &self.pin {
            call = call.arg("--passphrase-file").arg(pin);
        }
        call.envs(&self.wishes)
    }

    fn sign(&self, uri: &str) -> Run {
        self.call(uri)
            .arg(self.folder.path().join("notes.txt"))
            .run()
    }

    /// Asserts that nothing is signed, why, and what is advised.
    #[track_caller]
    fn refuses(&self, uri: &str, reason: &str, hint: &str) {
        let run = self.sign(uri).expect(2);
        run.complains(reason);
        let hinted = run.stderr.lines().find(|line| line.contains("hint: "));
        assert!(
            hint.is_empty() || hinted.is_some_and(|line| line.contains(hint)),
            "{hint}:\n{}",
            run.stderr
        );
        run.complains_not(PIN);
        assert_eq!(listing(self.folder.path()), ["notes.txt"]);
    }
}

/// An uri with SoftHSM's own token.
const URI: &str = "token=TEST%20token";

#[test]
fn a_key_is_found_by_whatever_names_it() {
    let Some(bench) = Bench::new() else { return };
    bench.hsm.add_token("other");
    for uri in [
        URI,
        "token=TEST%20token;object=release",
        "token=TEST%20token;id=%a1",
        "token=TEST%20token;object=release;id=%A1;type=private",
        "token=TEST%20token;manufacturer=SoftHSM%20project;model=SoftHSM%20v2",
    ] {
        bench.sign(uri).expect(0);
    }
    let path = bench.module.display();
    let pin = bench.hsm.pin_file();
    for query in [
        format!("?module-path={path}"),
        format!("?pin-source=file:{}", pin.display()),
        format!("?module-path={path}&pin-source={}", pin.display()),
        "?module-name=softhsm2".to_owned(),
    ] {
        bench.sign(&format!("{URI}{query}")).expect(0);
    }
}

#[test]
fn the_right_one_of_several_keys_signs_whatever_they_are_called() {
    let Some(mut bench) = Bench::new() else {
        return;
    };
    // The same label, other ids.
    let others = [
        ("good-p384", "a2"),
        ("good-rsa2048", "a3"),
        ("good-ed25519", "a4"),
    ];
    for (name, id) in others {
        bench.hsm.import(&load(name), "release", id, Beside::Public);
    }
    for name in [KEY, "good-p384", "good-rsa2048", "good-ed25519"] {
        bench.certificate = name;
        bench.sign("object=release").expect(0);
        pkgseal(["verify", "--time", keys::NOW, "--keyring"])
            .arg(load(name).certificate_path())
            .arg(bench.folder.path().join("notes.txt"))
            .run()
            .expect(0);
    }
}

#[test]
fn a_lone_private_key_is_known_by_its_signature() {
    for name in ["good-p256", "good-rsa2048", "good-ed25519"] {
        let Some(hsm) = SoftHsm::new() else { return };
        hsm.import(&load(name), "release", "a1", Beside::Nothing);
        let mut bench = Bench::new().unwrap();
        bench.hsm = hsm;
        bench.pin = Some(bench.hsm.pin_file());
        bench.certificate = name;
        bench.sign(URI).expect(0);
        // Another key of the same kind is not.
        fs::remove_file(bench.folder.path().join("notes.txt.asc")).unwrap();
        bench.certificate = match name {
            "good-p256" => "good-p384",
            "good-rsa2048" => "good-rsa4096",
            _ => "good-ed25519-2",
        };
        let run = bench.sign(URI).expect(2);
        assert!(!run.stderr.is_empty());
        assert_eq!(listing(bench.folder.path()), ["notes.txt"]);
    }
}

#[test]
fn what_is_not_there_is_told() {
    let Some(mut bench) = Bench::new() else {
        return;
    };
    bench.refuses(
        "token=nothing",
        "no such token; there is token=TEST token",
        "--list-token-slots",
    );
    bench.refuses("token=test%20token", "no such token", "--list-token-slots");
    bench.refuses("token=TEST%20token;serial=0000", "no such token", "");
    bench.refuses("slot-id=4711", "no such token", "");
    bench.refuses(
        "object=nothing",
        "no private key of that name",
        "--list-objects",
    );
    bench.refuses("id=%a2", "no private key of that name", "--list-objects");
    bench.refuses(
        "?module-path=/no/such.so",
        "there is no module /no/such.so",
        "module-path",
    );
    bench.refuses("?module-name=no-such", "no-such.so", "module-path");
    // A library that is no module.
    let text = bench.folder.path().join("notes.txt");
    bench.refuses(
        &format!("?module-path={}", text.display()),
        "cannot be loaded",
        "install the token's module",
    );
    bench.certificate = "stranger";
    bench.refuses(URI, "none of its keys is", "--certificate FILE");
    bench.refuses(URI, "it has ECDSA object=release;id=%a1", "");
    bench.certificate = "not-signing";
    bench.refuses(
        URI,
        "no certificate has a key that can sign",
        "--certificate FILE",
    );
    bench.refuses(URI, "may not sign", "");
}

#[test]
fn without_a_certificate_nothing_signs() {
    let Some(bench) = Bench::new() else { return };
    let run = pkgseal([
        "sign",
        "--time",
        keys::SIGNED,
        "--key",
        "pkcs11:object=release",
    ])
    .env("SOFTHSM2_CONF", bench.hsm.settings())
    .env("PKGSEAL_PKCS11_MODULE", &bench.module)
    .arg("--passphrase-file")
    .arg(bench.hsm.pin_file())
    .arg(bench.folder.path().join("notes.txt"))
    .run()
    .expect(2);
    run.complains("certificate of the key is not known");
    run.complains("--certificate FILE");
}

#[test]
fn several_tokens_or_keys_that_match_are_told_apart_by_the_user() {
    let Some(bench) = Bench::new() else { return };
    bench
        .hsm
        .import(&load(KEY), "release", "a2", Beside::Public);
    bench.refuses(URI, "is there several times", "add id=");
    bench.sign("token=TEST%20token;id=%a2").expect(0);
    fs::remove_file(bench.folder.path().join("notes.txt.asc")).unwrap();
    bench.hsm.add_token(TOKEN);
    bench.refuses("object=release", "several tokens match", "add serial=");
    bench.refuses(URI, "several tokens match", "add serial=");
}

#[test]
fn pins_come_from_files_that_nobody_else_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(mut bench) = Bench::new() else {
        return;
    };
    let open = bench.hsm.secret_file("open-pin", PIN);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    bench.refuses(
        &format!("{URI}?pin-source={}", open.display()),
        "can be read by others",
        "",
    );
    bench.refuses(
        &format!("{URI}?pin-source=/no/such/pin"),
        "/no/such/pin",
        "",
    );
    bench.pin = Some(open);
    bench.refuses(URI, "can be read by others", "");
    bench.pin = None;
    bench.refuses(URI, "it wants a PIN and none is given", "--passphrase-file");
    // The one in the URI counts, for another key may want the other.
    bench.pin = Some(bench.hsm.secret_file("wrong", "00000000"));
    let pin = bench.hsm.pin_file();
    bench
        .sign(&format!("{URI}?pin-source={}", pin.display()))
        .expect(0);
}

#[test]
fn a_pin_in_an_argument_is_refused_and_not_repeated() {
    let Some(bench) = Bench::new() else { return };
    for uri in [
        format!("{URI}?pin-value={PIN}"),
        format!("{URI};pin-value={PIN}"),
        format!("nonsense?pin-value={PIN}"),
    ] {
        let run = bench.sign(&uri).expect(2);
        run.complains("pin-value shows the PIN");
        run.complains("change the PIN");
        run.complains_not(PIN);
    }
}

#[test]
fn a_uri_that_is_none_is_refused_before_anything_is_loaded() {
    let Some(bench) = Bench::new() else { return };
    for (uri, reason) in [
        ("", "names no key"),
        ("tokne=a", "tokne is unknown"),
        ("token=a;token=b", "given twice"),
        ("token=a b", "write %20"),
        ("type=public", "only a private key signs"),
        ("?module-path=softhsm.so", "not absolute"),
    ] {
        bench.refuses(uri, reason, "");
    }
}

#[test]
fn a_wrong_pin_costs_one_try_and_says_so() {
    let Some(mut bench) = Bench::wayward(&[]) else {
        return;
    };
    bench.pin = Some(bench.hsm.secret_file("wrong", "00000000"));
    // SoftHSM says that few are left, after the first.
    bench.refuses(
        URI,
        "the PIN is wrong, and few tries are left",
        "every wrong one costs a try",
    );
    assert_eq!(bench.logged("login"), 1);
    // A PIN that no token has is not tried.
    bench.pin = Some(bench.hsm.secret_file("short", "000"));
    bench.refuses(URI, "it was not tried", "");
    assert_eq!(bench.logged("login"), 1);
}

#[test]
fn the_last_try_is_spent_on_request_only() {
    const FINAL_TRY: &str = "0x20000";
    let Some(mut bench) = Bench::wayward(&[("WAYWARD_FLAGS", FINAL_TRY)]) else {
        return;
    };
    bench.refuses(URI, "the last try is not spent unasked", "--last-pin-try");
    assert_eq!(bench.logged("login"), 0);
    bench
        .call(URI)
        .arg("--last-pin-try")
        .arg(bench.folder.path().join("notes.txt"))
        .run()
        .expect(0);
    assert_eq!(bench.logged("login"), 1);
    fs::remove_file(bench.folder.path().join("notes.txt.asc")).unwrap();
    bench.pin = Some(bench.hsm.secret_file("wrong", "00000000"));
    let run = bench
        .call(URI)
        .arg("--last-pin-try")
        .arg(bench.folder.path().join("notes.txt"))
        .run()
        .expect(2);
    run.complains("one try is left before it locks");
}

#[test]
fn a_locked_token_and_one_without_a_pin_are_not_tried() {
    let Some(bench) = Bench::wayward(&[("WAYWARD_FLAGS", "0x40000")]) else {
        return;
    };
    bench.refuses(URI, "its PIN is locked", "--init-pin");
    let run = bench
        .call(URI)
        .arg("--last-pin-try")
        .arg(bench.folder.path().join("notes.txt"))
        .run()
        .expect(2);
    run.complains("its PIN is locked");
    assert_eq!(bench.logged("login"), 0);
}

#[test]
fn a_keypad_is_asked_where_there_is_one() {
    let Some(mut bench) = Bench::wayward(&[("WAYWARD_FLAGS", "0x100")]) else {
        return;
    };
    bench.pin = None;
    // SoftHSM has no keypad: that it is asked without a PIN is what shows.
    let run = bench.sign(URI).expect(2);
    run.complains("logging in");
    assert_eq!(bench.logged("login"), 1);
}

/// Twenty packages, and a token.
fn many(bench: &Bench) -> PathBuf {
    let folder = bench.hsm.settings().with_file_name("packages");
    for number in 0..20 {
        let package = Rpm::new(&format!("alpha{number}"), "1.0", "noarch", Format::V4);
        put(&folder, &package.file_name(), package.build());
    }
    folder
}

fn packages(folder: &std::path::Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = pkgseal_testkit::peers::files(folder).into_iter();
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn sign_many(bench: &Bench, folder: &std::path::Path, jobs: &str) -> Run {
    pkgseal([
        "rpm",
        "sign",
        "--time",
        keys::SIGNED,
        "--jobs",
        jobs,
        "--key",
    ])
    .arg(format!("pkcs11:{URI}"))
    .env("SOFTHSM2_CONF", bench.hsm.settings())
    .env("PKGSEAL_PKCS11_MODULE", &bench.module)
    .arg("--certificate")
    .arg(load(KEY).certificate_path())
    .arg("--passphrase-file")
    .arg(bench.hsm.pin_file())
    .args(packages(folder).into_iter().map(|(path, _)| path))
    .envs(&bench.wishes)
    .run()
}

#[test]
fn one_login_and_a_session_a_thread_serve_any_number_of_signatures() {
    let Some(bench) = Bench::wayward(&[]) else {
        return;
    };
    let folder = many(&bench);
    sign_many(&bench, &folder, "4").expect(0);
    assert_eq!(bench.logged("login"), 1);
    // The probe, and two for each package.
    assert!(bench.logged("signature") > 20);
    assert!(
        (1..=5).contains(&bench.logged("session")),
        "{}",
        bench.logged("session")
    );
}

#[test]
fn threads_wait_where_a_token_has_few_sessions() {
    for sessions in ["1", "2"] {
        let Some(bench) = Bench::wayward(&[("WAYWARD_SESSIONS", sessions)]) else {
            return;
        };
        let folder = many(&bench);
        sign_many(&bench, &folder, "4").expect(0);
        assert!(bench.logged("session") <= 2);
    }
    let bench = Bench::wayward(&[("WAYWARD_SESSIONS", "0")]).unwrap();
    bench.refuses(URI, "no session left", "other programs");
}

#[test]
fn a_token_that_is_pulled_out_leaves_whole_files_and_the_next_run_goes_on() {
    for after in ["0", "1", "2", "7"] {
        let Some(mut bench) = Bench::wayward(&[("WAYWARD_SIGNATURES", after)]) else {
            return;
        };
        let folder = many(&bench);
        let before = packages(&folder);
        let run = sign_many(&bench, &folder, "2").expect(2);
        run.complains("taken out");
        run.complains("run the same command again");
        for (path, bytes) in packages(&folder) {
            let Some((_, old)) = before.iter().find(|(known, _)| *known == path) else {
                panic!("{} is left behind", path.display());
            };
            let is_whole = bytes == *old
                || pkgseal(["verify", "--time", keys::NOW, "--keyring"])
                    .arg(load(KEY).certificate_path())
                    .arg(&path)
                    .run()
                    .status
                    == 0;
            assert!(is_whole, "{after}: {}", path.display());
        }
        bench.wishes.clear();
        sign_many(&bench, &folder, "2").expect(0);
    }
}

#[test]
fn signatures_that_a_token_damages_reach_no_file() {
    let Some(bench) = Bench::wayward(&[("WAYWARD_DAMAGE", "1")]) else {
        return;
    };
    bench.refuses(URI, "does not belong", "");
    let short = Bench::wayward(&[("WAYWARD_SHORT", "1")]).unwrap();
    short.refuses(URI, "63 bytes long; 64 are right", "");
}

#[test]
fn a_key_that_wants_its_pin_each_time_is_given_it() {
    let Some(bench) = Bench::wayward(&[("WAYWARD_EACH", "1")]) else {
        return;
    };
    bench.sign(URI).expect(0);
    assert_eq!(bench.logged("login"), 1);
    // The probe and the file.
    assert_eq!(bench.logged("login again"), 2);
}

#[test]
fn a_key_that_may_not_sign_is_told() {
    let Some(bench) = Bench::new() else { return };
    let Some(mut tool) = bench.hsm.tool() else {
        return;
    };
    let make = [
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
        "--usage-derive",
    ];
    run(tool.args(make).args(["--label", "derive", "--id", "b1"])).expect_ok();
    bench.refuses("object=derive", "none of its keys is", "");
}

#[test]
fn a_certificate_with_several_keys_signs_with_the_one_on_the_token() {
    let Some(bench) = Bench::new() else { return };
    // Both certificates are known; only one's key is there.
    bench
        .call(URI)
        .arg("--certificate")
        .arg(load("good-rsa4096").certificate_path())
        .arg(bench.folder.path().join("notes.txt"))
        .run()
        .expect(0);
}
