"""What sqlglot's classes do to their arguments, and which arguments only steer: the data behind `functions`, by kind.

Kinds: ``carried`` (the value, perhaps in another form), ``derived`` (a property of it), ``hashed``, ``encrypted``,
``decrypted``, ``masked``, ``unknown``, ``folded`` (one number from the elements of one value, of which it may be the only one); and for aggregates
``picked`` (shows values of the group), ``aggregated``, ``counted`` (shows none of them), ``guessed`` (not known).
A class that is nowhere here carries all its arguments.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "COMBINATORS",
    "COMPARING_NAMES",
    "COMPARING_TYPES",
    "KEYS",
    "POSITIONS",
    "SHOWING_PREFIXES",
    "STEERS",
    "SYSTEM",
    "TYPES",
    "WHOLE_PARTS",
]

TYPES: Final[dict[str, dict[str, str]]] = {
    "": {
        "derived": """
            EQ NEQ NullSafeEQ NullSafeNEQ LT LTE GT GTE Is Like LikeAny LikeAll ILike ILikeAny ILikeAll SimilarTo
            Glob In Between Not And Or Xor Exists Overlaps Adjacent ExtendsLeft ExtendsRight Match MatchAgainst
            RegexpLike RegexpILike RegexpFullMatch StartsWith EndsWith Contains EqualNull Booland Boolor Boolnot
            Search SearchIp ArrayContains ArrayContainsAll ArrayContainedBy ArrayOverlaps ArrayAny ArrayAll
            MapContainsKey JSONBContains JSONBContainsAllTopKeys JSONBContainsAnyTopKeys JSONBContainsTopKey
            JSONExists JSONBExists JSONBPathExists JSONArrayContains IsArray IsAscii IsInf IsNan IsNullValue
            CheckJson CheckXml Length BitLength ByteLength RtrimmedLength Ascii Unicode StrPosition ArrayPosition
            RegexpInstr RegexpCount Typeof JSONType Collation ArraySize MapSize BitwiseCount BitmapCount Getbit Sign
            WidthBucket RangeBucket RangeN Soundex SoundexP123 Levenshtein JarowinklerSimilarity Distance DistanceNd
            StDistance CosineDistance EuclideanDistance ManhattanDistance DotProduct AIClassify AISimilarity
            DateDiff DatetimeDiff TimestampDiff TimeDiff TsOrDsDiff MonthsBetween Extract Year Month Day DayOfMonth
            DayOfWeek DayOfWeekIso DayOfYear Week WeekOfYear Quarter Hour Minute Second Dayname Monthname YearOfWeek
            YearOfWeekIso Rand Randn Randstr Uniform Normal Zipf RowNumber Rank DenseRank PercentRank CumeDist Ntile""",
        "hashed": """
            MD5 MD5Digest MD5NumberLower64 MD5NumberUpper64 SHA SHA1Digest SHA2 SHA2Digest FarmFingerprint
            CityHash64 StandardHash Uuid""",
        "encrypted": "Encrypt EncryptRaw",
        "decrypted": "Decrypt DecryptRaw",
        "folded": "ArraySum",
        "unknown": """
            AIGenerate AIEmbed AIForecast GenerateBool GenerateDouble GenerateEmbedding GenerateInt GenerateTable
            GenerateText MLForecast Predict FeaturesAtTime""",
        "picked": """
            Min Max AnyValue First FirstValue Last LastValue NthValue ArrayAgg ArrayConcatAgg ArrayUnionAgg
            ArrayUniqueAgg GroupConcat JSONArrayAgg JSONObjectAgg JSONBObjectAgg ObjectAgg Mode PercentileDisc
            ArgMax ArgMin ApproxQuantiles ApproxTopK ApproxTopKAccumulate ApproxTopKCombine ApproxTopSum
            BitmapConstructAgg BitmapOrAgg LogicalAnd LogicalOr""",
        "aggregated": """
            Sum Avg Stddev StddevPop StddevSamp Variance VariancePop Corr CovarPop CovarSamp Median PercentileCont
            Quantile ApproxQuantile ApproxPercentileAccumulate ApproxPercentileCombine BoolxorAgg
            BitwiseAndAgg BitwiseOrAgg BitwiseXorAgg Kurtosis Skewness RegrAvgx RegrAvgy RegrIntercept
            RegrR2 RegrSlope RegrSxx RegrSxy RegrSyy RegrValx RegrValy Grouping GroupingId""",
        "counted": "Count CountIf ApproxDistinct RegrCount Hll HashAgg Minhash MinhashCombine ApproximateSimilarity",
        "guessed": "AIAgg AISummarizeAgg",
    },
    # Quantiles that return a value of the group; older versions of sqlglot read list() as List.
    "duckdb": {"picked": "Quantile List"},
    "spark": {"picked": "ApproxQuantile"},
}

COMPARING_TYPES: Final = """
    EQ NEQ NullSafeEQ NullSafeNEQ LT LTE GT GTE Like LikeAny LikeAll ILike ILikeAny ILikeAll SimilarTo Glob Between Not
    And Or Xor Overlaps Match MatchAgainst RegexpLike RegexpILike RegexpFullMatch StartsWith EndsWith Contains EqualNull
    Booland Boolor Boolnot Search SearchIp StrPosition RegexpInstr RegexpCount ArrayPosition ArrayContains ArrayContainsAll ArrayContainedBy ArrayOverlaps ArrayAny
    ArrayAll MapContainsKey JSONBContains JSONArrayContains AIClassify"""
"""Of the derived: classes that compare the value with something, so that what they give tells of the value itself."""

COMPARING_NAMES: Final = """
    REGEXP_LIKE REGEXP_CONTAINS RLIKE REGEXP STARTS_WITH STARTSWITH ENDS_WITH ENDSWITH CONTAINS CONTAINS_SUBSTR
    ARRAY_CONTAINS ARRAYS_OVERLAP JSON_CONTAINS EQUAL_NULL FIND_IN_SET FIELD LIKE ILIKE NOTLIKE MATCH MULTIMATCHANY
    POSITION INSTR INSTRB STRPOS LOCATE CHARINDEX PATINDEX INDEX ARRAY_POSITION ARRAY_POSITIONS REGEXP_INSTR REGEXP_COUNT
    REGEXP_POSITION LIST_POSITION LIST_INDEXOF ARRAY_INDEXOF ARRAY_HAS_ALL ARRAY_HAS_ANY LIST_HAS_ALL LIST_HAS_ANY
    ARRAY_INCLUDES ARRAY_INCLUDES_ALL ARRAY_INCLUDES_ANY SEARCH HASSUBSTR COUNTEQUAL INDEXOF COUNTSUBSTRINGS
    POSITIONCASEINSENSITIVE POSITIONUTF8 ARRAY_EXISTS EXISTS FORALL ANY_MATCH ALL_MATCH NONE_MATCH ARRAYEXISTS ARRAYALL
    ARRAYCOUNT TEXTREGEXEQ MISMATCHES LEVENSHTEIN LEVENSHTEIN_DISTANCE EDITDISTANCE EDIT_DISTANCE HAMMING
    HAMMING_DISTANCE JSONB_PATH_EXISTS JSONB_PATH_MATCH JSON_PATH_EXISTS
    HAS HASANY HASALL HASTOKEN EQUALS NOTEQUALS LESS GREATER LESSOREQUALS GREATEROREQUALS ARRAY_HAS LIST_CONTAINS
    LIST_HAS PREFIX SUFFIX AI_CLASSIFY AI_FILTER SNOWFLAKE.CORTEX.CLASSIFY_TEXT STRCMP STARTSWITHUTF8 ENDSWITHUTF8"""
"""The same for functions that sqlglot has no class for."""

STEERS: Final[dict[str, str]] = {
    "expression": """
            ApproxQuantiles ApproxTopK ArgMax ArgMin ArrayFilter ArrayRemove ArraySort FromBase GetExtract Initcap
            JSONBExtract JSONBExtractScalar JSONExtract JSONExtractArray JSONExtractScalar JSONValueArray Left
            NextDay Pad PercentileCont PercentileDisc PreviousDay RegexpExtract RegexpExtractAll RegexpReplace
            RegexpSplit RegexpSubstr Replace Right Split StandardHash StringToArray StrtokToArray TimeSlice Trim""",
    "expressions": "JSONExtract JSONExtractScalar JSONRemove MapDelete MapPick",
    "this": "Elt",
    "offset": "Lag Lead NthValue",
    "count": "ArgMax ArgMin SubstringIndex",
    "quantile": "ApproxQuantile Quantile",
    "accuracy": "ApproxQuantile",
    "weight": "ApproxQuantile",
    "position": "ArrayInsert ArrayRemoveAt RegexpExtract RegexpExtractAll RegexpReplace RegexpSubstr",
    "occurrence": "RegexpExtract RegexpExtractAll RegexpReplace RegexpSubstr",
    "parameters": "RegexpExtract RegexpExtractAll RegexpSubstr",
    "group": "RegexpExtract RegexpExtractAll RegexpSubstr",
    "modifiers": "RegexpReplace",
    "limit": "RegexpSplit Split",
    "start": "ArraySlice Stuff Substring",
    "end": "ArraySlice",
    "step": "ArraySlice",
    "length": "SHA2 SHA2Digest Stuff Substring",
    "times": "Repeat",
    "delimiter": "SplitPart Strtok SubstringIndex",
    "part_index": "SplitPart Strtok",
    "from_": "Overlay Translate",
    "for_": "Overlay",
    "decimals": "Ceil Floor Round Trunc",
    "truncate": "Round",
    "unit": """
            DateAdd DateSub DateTrunc DatetimeTrunc LastDay TimeSlice TimeTrunc TimestampTrunc""",
    "zone": "DateTrunc DatetimeTrunc ParseDatetime StrToTime TimeToStr TimeTrunc TimestampTrunc UnixToTime",
    "source_tz": "ConvertTimezone",
    "target_tz": "ConvertTimezone",
    "scale": "UnixToTime",
    "style": "Convert",
    "format": """
            NumberToStr ParseDatetime ParseTime StrToDate StrToTime StrToUnix TimeToStr ToBinary ToChar ToNumber
            TsOrDsToDate UnixToStr""",
    "charset": "Decode Encode",
    "part_to_extract": "ParseUrl",
    "key": "ParseUrl",
    "pair_delim": "StrToMap",
    "key_value_delim": "StrToMap",
}
"""Argument → the classes where it only chooses how the value is shown, so that a column there is derived."""

KEYS: Final[dict[str, str]] = {"passphrase": "Decrypt Encrypt", "key": "DecryptRaw EncryptRaw"}
"""Argument → the classes where it holds a secret, of which nothing is shown."""

POSITIONS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "clickhouse": {
        "Encrypt": {
            "this": "derived",
            "passphrase": "carried",
            "aad": "masked",
            "encryption_method": "derived",
        },
        "Decrypt": {
            "this": "derived",
            "passphrase": "carried",
            "aad": "masked",
            "encryption_method": "derived",
        },
    },
}
"""Dialect → class → argument → kind, where a dialect's arguments land in other places: here the mode comes first."""

WHOLE_PARTS: Final = """
    DATE TIME DATETIME JULIAN EPOCH EPOCH_S EPOCH_MS EPOCH_US EPOCH_NS EPOCH_SECOND EPOCH_SECONDS EPOCH_MILLISECOND
    EPOCH_MILLISECONDS EPOCH_MICROSECOND EPOCH_MICROSECONDS EPOCH_NANOSECOND EPOCH_NANOSECONDS"""
"""Parts of a time, as in ``EXTRACT(EPOCH FROM a)``, that still show the moment itself."""

SYSTEM: Final = "SAFE PG_CATALOG EXTENSIONS PUBLIC SYS SYSTEM BUILTIN INFORMATION_SCHEMA"
"""Qualifiers under which a function is the built-in one."""

SHOWING_PREFIXES: Final = ("ST_", "H3_", "S2_", "S2CELL_")
"""Geospatial functions: those not named below show the place, coarser or in another form."""

COMBINATORS: Final = """
    SIMPLESTATE MERGESTATE ORDEFAULT DISTINCT RESAMPLE FOREACH ORNULL ARGMIN ARGMAX ARRAY STATE MERGE MAP IF"""
"""ClickHouse's suffixes of an aggregate, longest first: whatever is left without them is the aggregate itself."""
