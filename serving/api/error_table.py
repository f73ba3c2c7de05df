"""Every error of every room as HTTP status, WebSocket close code, metric label and screen title.

The codes are part of the protocol: clients and dashboards rely on them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from asr import errors as asr
from models import errors as models
from nlu import errors as nlu
from serving import errors as serving
from ticket_draft import errors as ticket_draft


@dataclass(frozen=True, slots=True)
class Fault:
    """How an error is told to the world."""

    code: str
    """Stable name, in problem documents, wire messages and the metric's label."""
    status: int
    """HTTP status."""
    close_code: int
    """WebSocket close code, RFC 6455 section 7.4 and its registry."""
    title: str
    """One line in Chinese for screens."""
    is_ours: bool = True
    """Whether the error's own message may be shown; unexpected errors may quote data."""


# Close codes: 1003 cannot take such data, 1007 data is not what it says, 1008 policy,
# 1009 too big, 1011 our fault, 1012 restarting, 1013 try again later.
_TABLE: dict[type[Exception], Fault] = {
    asr.AsrError: Fault("asr", 500, 1011, "语音识别出错"),
    asr.AudioError: Fault("audio", 422, 1007, "录音无法使用"),
    asr.AudioDecodeError: Fault("audio-decode", 422, 1007, "不是可识别的音频文件，或文件已损坏"),
    asr.AudioEmptyError: Fault("audio-empty", 422, 1007, "录音中没有声音数据"),
    asr.ChannelLayoutError: Fault("channel-layout", 422, 1007, "录音须为单声道或双声道"),
    asr.EngineError: Fault("engine", 500, 1011, "识别引擎出错"),
    asr.UnknownEngineError: Fault("unknown-engine", 500, 1011, "没有这个识别引擎"),
    asr.EngineUnavailableError: Fault("engine-unavailable", 503, 1011, "识别引擎未安装"),
    asr.StreamError: Fault("stream", 500, 1011, "通话流出错"),
    asr.StreamClosedError: Fault("stream-closed", 409, 1008, "通话已经结束"),
    asr.CapacityError: Fault("capacity", 503, 1013, "识别能力已满，请稍后再试"),
    models.ModelsError: Fault("models", 500, 1011, "模型出错"),
    models.UnknownModelError: Fault("unknown-model", 500, 1011, "没有这个模型"),
    models.ModelMissingError: Fault("model-missing", 503, 1011, "模型尚未下载"),
    models.HashMismatchError: Fault("hash-mismatch", 500, 1011, "模型文件校验不符"),
    models.SourceUnreachableError: Fault("source-unreachable", 503, 1013, "模型下载源无法访问"),
    models.ModelStorageError: Fault("model-storage", 507, 1011, "模型目录无法写入"),
    models.WeightsFormatError: Fault("weights-format", 500, 1011, "模型权重无法读取"),
    models.TrainingDataError: Fault("training-data", 422, 1011, "训练数据有误"),
    nlu.NluError: Fault("nlu", 500, 1011, "语义理解出错"),
    nlu.TaxonomyMismatchError: Fault("taxonomy-mismatch", 500, 1011, "分类体系与模型不一致"),
    nlu.DirectoryError: Fault("directory", 500, 1011, "派单目录有矛盾"),
    nlu.UnknownRoleError: Fault("unknown-role", 422, 1008, "没有这个角色"),
    nlu.GazetteerError: Fault("gazetteer", 500, 1011, "地名表无法使用"),
    ticket_draft.TicketDraftError: Fault("ticket-draft", 500, 1011, "工单草稿出错"),
    ticket_draft.RuleError: Fault("rule", 500, 1011, "质检或回访规则有误"),
    ticket_draft.CalendarError: Fault("calendar", 500, 1011, "缺少该年度节假日安排，无法计算时限"),
    serving.ServingError: Fault("serving", 500, 1011, "服务出错"),
    serving.SettingsError: Fault("settings", 500, 1011, "环境变量设置有误"),
    serving.ProfileError: Fault("profile", 422, 1008, "热线配置不存在或有误"),
    serving.OutputError: Fault("output", 507, 1011, "无法写入磁盘"),
    serving.ManifestError: Fault("manifest", 422, 1008, "批量清单有误"),
    serving.StoreError: Fault("store", 503, 1011, "数据库不可用"),
    serving.ClusterError: Fault("cluster", 503, 1011, "计算集群不可用"),
    serving.BenchError: Fault("bench", 422, 1011, "评测数据有误"),
    serving.CallNotFoundError: Fault("call-not-found", 404, 1008, "没有这通通话"),
    serving.CallStateError: Fault("call-state", 409, 1008, "通话当前状态不允许此操作"),
    serving.ReviewError: Fault("review", 422, 1008, "所填内容与该通话不符"),
    serving.ActorMissingError: Fault("actor-missing", 422, 1008, "请先填写您的姓名或工号"),
    serving.RoleError: Fault("role", 403, 1008, "您的角色无权查看或操作"),
    serving.UploadError: Fault("upload", 400, 1003, "请求中没有录音文件"),
    serving.UploadTooLargeError: Fault("upload-too-large", 413, 1009, "录音文件过大"),
    serving.RequestFieldError: Fault("request-field", 400, 1003, "请求的字段不正确"),
    serving.ProtocolError: Fault("protocol", 400, 1008, "客户端违反通信协议"),
    serving.MessageFormatError: Fault("message-format", 400, 1007, "消息格式不对"),
    serving.MessageOrderError: Fault("message-order", 409, 1008, "消息顺序不对"),
    serving.MessageTooLargeError: Fault("message-too-large", 413, 1009, "单条消息过大"),
    serving.AudioFrameError: Fault("audio-frame", 400, 1007, "音频字节数不是整数个采样"),
    serving.CallTooLongError: Fault("call-too-long", 413, 1008, "通话超过最长时限"),
    serving.IdleCallError: Fault("idle-call", 408, 1008, "长时间没有收到数据"),
    serving.SlowClientError: Fault("slow-client", 408, 1008, "客户端接收过慢"),
    serving.ResumeError: Fault("resume", 404, 1008, "通话已结束，无法续接"),
    serving.AddressError: Fault("address", 500, 1011, "无法监听该地址"),
    serving.ReplayError: Fault("replay", 502, 1011, "对方服务拒绝或无法连接"),
    serving.BusyError: Fault("busy", 503, 1013, "线路已满，请稍后再试"),
    serving.ClosingError: Fault("closing", 503, 1012, "服务正在重启，请稍后再试"),
}

_TABLE[SQLAlchemyError] = Fault("store", 503, 1011, "数据库不可用", is_ours=False)

_UNEXPECTED = Fault("unexpected", 500, 1011, "服务内部错误", is_ours=False)

CODES = frozenset(fault.code for fault in _TABLE.values()) | {_UNEXPECTED.code}
"""All codes there are; the metric's label takes no other."""


def fault_of(error: BaseException) -> Fault:
    """Return the entry of an error's class, or of the nearest class above it."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind]
    return _UNEXPECTED


def known_errors() -> frozenset[type[Exception]]:
    """Return the classes with an entry of their own."""
    return frozenset(_TABLE)


def title_of(code: str) -> str:
    """Return the screen title of a code, as it stands in the store."""
    return next((f.title for f in _TABLE.values() if f.code == code), _UNEXPECTED.title)
