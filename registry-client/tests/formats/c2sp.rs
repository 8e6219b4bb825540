//! The examples in the C2SP texts, and one of Go's checksum database.

use tenon_registry_client::log::{Checkpoint, Note, Vkey};

#[test]
fn the_example_of_tlog_cosignature() {
    let text = "example.com/behind-the-sofa\n20852163\n\
                CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let note = format!(
        "{text}\n\
         — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
         — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    );
    let read = Note::parse(note.as_bytes()).unwrap();
    assert_eq!((read.text(), read.to_string()), (text, note));
    let checkpoint = Checkpoint::parse(text).unwrap();
    assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
    assert_eq!(
        (checkpoint.size, checkpoint.to_string()),
        (20_852_163, text.to_owned())
    );
    let [log, witness] = read.signatures() else {
        panic!()
    };
    assert_eq!(
        (log.id.to_string().as_str(), log.bytes.len()),
        ("033de0ae", 64)
    );
    assert_eq!(witness.name.as_str(), "witness.example.com/w1");
    assert_eq!(
        (witness.id.to_string().as_str(), witness.bytes.len()),
        ("8d66cf3f", 72)
    );
    // `time 1679315147` in the message that the text says was signed.
    assert_eq!(witness.bytes[..8], 1_679_315_147_u64.to_be_bytes());
}

#[test]
fn the_example_of_signed_note() {
    let note = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
                ed è subito sera.\n\n\
                — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let read = Note::parse(note.as_bytes()).unwrap();
    assert!(read.text().ends_with(":\n\ned è subito sera.\n"));
    assert_eq!(read.to_string(), note);
    assert_eq!(read.signatures()[0].id.to_string(), "367ba04b");
}

#[test]
fn a_note_signed_by_go() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let vkey: Vkey = key.parse().unwrap();
    assert_eq!(vkey.to_string(), key);
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let read = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(read.verify([&vkey]).unwrap()[0].key, &vkey);
    let changed = note.replacen("answer", "Answer", 1);
    assert!(
        Note::parse(changed.as_bytes())
            .unwrap()
            .verify([&vkey])
            .is_err()
    );
}
