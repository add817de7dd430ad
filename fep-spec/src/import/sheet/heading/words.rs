//! The words that name the columns of a table.
//!
//! Only words: which column a table has is decided by the module above.

use super::Role;
use crate::import::plain::word;

/// The words of each role, without blanks and in small letters. The first match counts. A heading that consists of a word is found before one that contains
/// it.
const WORDS: [(Role, &[&str]); 17] = [
    (Role::Number, &["순번", "연번", "번호", "no", "no.", "seq", "순서", "일련번호", "항번", "#", "項番"]),
    (Role::Level, &["레벨", "level", "lvl", "lv", "depth", "깊이", "단계", "lv."]),
    (
        Role::English,
        &[
            "필드명(영문)",
            "영문명",
            "영문필드명",
            "영문항목명",
            "영문",
            "name",
            "id",
            "필드id",
            "항목id",
            "fieldname",
            "fieldid",
            "item",
            "변수명",
            "컬럼명",
            "영문id",
            "변수",
            "항목명(영문)",
            "english",
            "englishname",
            "(영문)",
            "itemname",
            "itemid",
            "elementname",
            "dataname",
            "영문항목",
            "영문필드",
        ],
    ),
    (
        Role::Name,
        &[
            "항목명",
            "항목",
            "필드명",
            "필드명(한글)",
            "필드",
            "데이터명",
            "data항목",
            "한글명",
            "항목명칭",
            "field",
            "description",
            "項目名",
            "한글필드명",
            "항목명(한글)",
            "국문명",
            "국문",
            "명칭",
            "필드한글명",
            "데이터항목",
            "(한글)",
            "dataitem",
            "項目",
            "한글항목명",
            "한글항목",
            "국문항목명",
            "필드명(국문)",
            "항목명(국문)",
            "dataelement",
            "구성항목",
            "항목이름",
            "필드이름",
            "element",
        ],
    ),
    (
        Role::Length,
        &[
            "길이",
            "size",
            "크기",
            "자리수",
            "자릿수",
            "byte",
            "bytes",
            "len",
            "length",
            "桁数",
            "길이(byte)",
            "길이(bytes)",
            "바이트",
            "바이트수",
            "data길이",
            "length(byte)",
            "len(byte)",
            "(byte)",
            "데이터길이",
            "항목길이",
            "len.",
            "자리",
            "바이트길이",
        ],
    ),
    (
        Role::Type,
        &[
            "타입",
            "속성",
            "type",
            "유형",
            "형식",
            "属性",
            "데이터타입",
            "datatype",
            "데이터형",
            "data타입",
            "형태",
            "자료형",
            "항목속성",
            "attr",
            "picture",
            "pic",
            "fmt",
            "format",
            "데이터형식",
            "dataformat",
            "data형식",
            "표현형식",
        ],
    ),
    (Role::Scale, &["소수", "소수점", "소수점자리", "소수자리", "소수점이하", "scale", "decimal"]),
    (
        Role::From,
        &[
            "위치",
            "offset",
            "from~to",
            "from-to",
            "start~end",
            "시작~종료",
            "시작~끝",
            "byte위치",
            "바이트위치",
            "시작",
            "시작위치",
            "from",
            "f",
            "시작점",
            "start",
            "옵셋",
            "오프셋",
            "pos",
            "position",
            "開始位置",
            "位置",
        ],
    ),
    (Role::To, &["종료", "종료위치", "to", "t", "끝", "end", "끝위치"]),
    (Role::Running, &["누계", "누적", "누적길이", "누적합계", "누적합", "누적byte", "누적바이트", "합계길이"]),
    (Role::Repeat, &["반복", "반복횟수", "반복수", "occurs", "반복건수", "occur", "배열"]),
    (
        Role::Required,
        &[
            "필수",
            "필수여부",
            "m/o",
            "y/n",
            "기재구분",
            "필수구분",
            "필수/선택",
            "mandatory",
            "required",
            "옵션",
            "null여부",
            "m/o/c",
        ],
    ),
    (Role::Request, &["요청", "요구", "req", "request", "요청전문", "요구전문"]),
    (Role::Answer, &["응답", "res", "response", "resp", "응답전문", "reply", "rsp"]),
    (
        Role::Mark,
        &[
            "송신",
            "수신",
            "업체",
            "은행",
            "고객",
            "업체=>은행",
            "은행=>업체",
            "업체->은행",
            "은행->업체",
            "당행",
            "기관",
            "점검내용",
            "센터",
            "이용기관",
            "참가기관",
            "개설",
            "취급",
        ],
    ),
    (Role::Value, &["코드값", "고정값", "default", "초기값", "기본값", "값", "value", "코드", "디폴트"]),
    (
        Role::Remark,
        &[
            "비고",
            "내용",
            "설명",
            "항목설명",
            "상세",
            "remark",
            "remarks",
            "상세설명",
            "비고사항",
            "설정값",
            "memo",
            "備考",
            "항목내용",
            "기재내용",
            "comment",
            "참고",
            "특이사항",
            "세부내용",
            "내용설명",
            "정의",
            "필드설명",
        ],
    ),
];

/// Headings that can be the name of an item if no other column is it.
pub(super) const WEAK_NAMES: [&str; 4] = ["구분", "데이터구분", "내용", "데이터区分"];

/// Headings that can be the name of an item beside an English name.
pub(super) const MEMO_NAMES: [&str; 4] = ["memo", "설명", "필드설명", "comment"];

/// What a heading says.
pub(super) fn role(heading: &str) -> Option<Role> {
    let heading = word(heading);
    let heading = heading.trim_matches(|edge: char| "*:.·[]".contains(edge) || edge == '\'');
    let by = |is: &dyn Fn(&str) -> bool| {
        WORDS.iter().find(|(_, words)| words.iter().any(|word| is(word))).map(|(role, _)| *role)
    };
    if heading.is_empty() || heading.chars().count() > 20 {
        return None;
    }
    let exactly = |heading: &str| by(&|word| heading == word);
    exactly(heading).or_else(|| {
        // `길이(bytes)`, `타입/속성`: what stands before a bracket or a stroke. `항목길이`: what stands behind the general word.
        let start = heading.split(['(', '[', '/', ':']).next().unwrap_or_default();
        let general = ["항목", "필드", "데이터", "자료", "data", "field"];
        let end = general.iter().find_map(|general| start.strip_prefix(general)).filter(|end| !end.is_empty());
        if start.is_empty() { None } else { exactly(start).or_else(|| end.and_then(exactly)) }
    })
}
