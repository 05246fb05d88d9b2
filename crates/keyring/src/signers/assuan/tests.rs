use super::*;

type Talk<'a> = Connection<&'a [u8], Vec<u8>>;

fn talk(server: &[u8]) -> (Talk<'_>, Result<(), Failure>) {
    let mut connection = Connection {
        reader: server,
        writer: Vec::new(),
        buffer: Zeroizing::new(vec![0; 4096]),
        unread: 0..0,
    };
    let greeted = connection.answer(&mut |_| Answer::Cancel).map(drop);
    (connection, greeted)
}

fn answer(lines: &[u8]) -> Result<Vec<u8>, String> {
    let server = [b"OK Pleased to meet you\n", lines].concat();
    let (mut connection, greeted) = talk(&server);
    greeted.unwrap();
    connection
        .simple("PKSIGN")
        .map(|data| data.to_vec())
        .map_err(|failure| failure.to_string())
}

#[test]
fn data_of_several_lines_is_joined_and_unescaped() {
    assert_eq!(answer(b"OK\n"), Ok(Vec::new()));
    let lines = b"# a comment\nS PROGRESS x\nD a%25b\nD %0Ac \xff\nOK done\n";
    assert_eq!(answer(lines), Ok(b"a%b\nc \xff".to_vec()));
}

#[test]
fn refusals_keep_number_and_words() {
    let server = b"OK\nERR 67108881 No secret key <GPG Agent>\nERR 1\nERR x\n";
    let (mut connection, _) = talk(server);
    let Err(Failure::Refused { code, text }) = connection.simple("PKSIGN") else {
        panic!("it is refused");
    };
    assert_eq!((code, text.as_str()), (17, "No secret key <GPG Agent>"));
    assert!(matches!(
        connection.simple("A"),
        Err(Failure::Refused { code: 1, .. })
    ));
    assert!(matches!(connection.simple("A"), Err(Failure::Protocol(_))));
}

#[test]
fn what_is_no_answer_is_refused() {
    let long = [vec![b'D', b' '], vec![b'x'; 1001], b"\nOK\n".to_vec()].concat();
    let endless = [b"D ".to_vec(), vec![b'x'; 5000]].concat();
    let much = b"D xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(200);
    let many = b"S x\n".repeat(2000);
    for (lines, words) in [
        (&b""[..], "connection ended"),
        (b"D abc\n", "connection ended"),
        (b"OK", "connection ended"),
        (b"HELLO\n", "no known word"),
        (b"\n", "no known word"),
        (b"OKAY\n", "no known word"),
        (b"D %\nOK\n", "within an escape"),
        (b"D %2\nOK\n", "within an escape"),
        (b"D %zz\nOK\n", "wrong escape"),
        (b"D %+1\nOK\n", "wrong escape"),
        (&long, "too long"),
        (&endless, "too long"),
        (&much, "too much data"),
        (&many, "too many lines"),
    ] {
        let error = answer(lines).unwrap_err();
        let shown = String::from_utf8_lossy(lines.get(..20).unwrap_or(lines));
        assert!(error.contains(words), "{shown:?}: {error}");
    }
    assert!(talk(b"SSH-2.0-x\n").1.is_err());
    assert!(talk(b"ERR 67109115 Forbidden\n").1.is_err());
}

#[test]
fn questions_are_answered() {
    let server = b"OK\nINQUIRE PASSPHRASE 1 2\nOK\nINQUIRE WHAT\nERR 99 cancelled\n";
    let (mut connection, _) = talk(server);
    let mut questions = Vec::new();
    let mut asked = |question: &str| {
        questions.push(question.to_owned());
        if question.starts_with("PASSPHRASE") {
            Answer::Data(Zeroizing::new(b"100 %\n".to_vec()))
        } else {
            Answer::Cancel
        }
    };
    connection.command("PKSIGN", &mut asked).unwrap();
    connection.command("PKSIGN", &mut asked).unwrap_err();
    assert_eq!(questions, ["PASSPHRASE 1 2", "WHAT"]);
    assert_eq!(
        String::from_utf8_lossy(&connection.writer),
        "PKSIGN\nD 100 %25%0A\nEND\nPKSIGN\nCAN\n"
    );
}

#[test]
fn long_answers_go_in_several_lines() {
    let (mut connection, _) = talk(b"OK\nINQUIRE X\nOK\n");
    let answer = b"%".repeat(1000);
    connection
        .command("X", &mut |_| Answer::Data(Zeroizing::new(answer.clone())))
        .unwrap();
    let sent = String::from_utf8(connection.writer).unwrap();
    assert!(sent.lines().all(|line| line.len() <= LINE));
    assert_eq!(sent.matches("%25").count(), 1000);
}

#[test]
fn commands_hold_one_line() {
    let (mut connection, _) = talk(b"OK\nOK\n");
    for command in ["A\nB", "A\rB", &"A".repeat(1001)] {
        assert!(connection.simple(command).is_err());
    }
    assert!(connection.writer.is_empty());
}

#[test]
fn escaped_texts_hold_no_control_and_end_in_time() {
    assert_eq!(escaped("a b\n<é>%", 100), "a+b%0A<%C3%A9>%25");
    assert_eq!(escaped("ééé", 7), "%C3%A9");
    assert_eq!(escaped("ééé", 5), "");
}
