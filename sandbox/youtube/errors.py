"""Errors as the YouTube Data API words them ("YouTube Data API – Errors", and "Standard error responses")."""

from __future__ import annotations

from typing import Any

from sandbox.answer import Answer
from sandbox.refusal import Refusal

#: By reason: the HTTP status, the domain, and a message.
REASONS = {
    "badContent": (400, "global", "Unsupported content with type"),
    "badRequest": (400, "global", "Bad Request"),
    "invalidCategoryId": (400, "youtube.video", "The request metadata specifies an invalid video category."),
    "invalidDescription": (400, "youtube.video", "The request metadata specifies an invalid video description."),
    "invalidFilename": (400, "youtube.video", "The video filename specified in the Slug header is invalid."),
    "invalidImage": (400, "youtube.thumbnail", "The provided image content is invalid."),
    "invalidPageToken": (400, "youtube.parameter", "The request specifies an invalid page token."),
    "invalidPublishAt": (400, "youtube.video", "The request metadata specifies an invalid scheduled publishing time."),
    "invalidTags": (400, "youtube.video", "The request metadata specifies invalid video keywords."),
    "invalidTitle": (400, "youtube.video", "The request metadata specifies an invalid or empty video title."),
    "invalidValue": (400, "youtube.parameter", "The request specifies an invalid value."),
    "invalidVideoMetadata": (400, "youtube.video", "The request metadata is invalid."),
    "mediaBodyRequired": (400, "youtube.video", "The request does not include the video content."),
    "missingRequiredParameter": (400, "youtube.parameter", "No filter selected."),
    "parseError": (400, "global", "Parse Error"),
    "required": (400, "global", "Required parameter"),
    "unknownPart": (400, "youtube.part", "The request specified an unknown part."),
    "uploadLimitExceeded": (400, "youtube.video", "The user has exceeded the number of videos they may upload."),
    "authError": (401, "global", "Invalid Credentials"),
    "authorizationRequired": (401, "youtube.header", "The request is missing valid authentication credentials."),
    "youtubeSignupRequired": (401, "youtube.header", "The user does not have a YouTube channel."),
    "forbidden": (403, "global", "The request might not be properly authorized."),
    "forbiddenLicenseSetting": (403, "youtube.video", "The request metadata specifies an invalid license setting."),
    "forbiddenPrivacySetting": (403, "youtube.video", "The request metadata specifies an invalid privacy setting."),
    "insufficientPermissions": (403, "global", "Request had insufficient authentication scopes."),
    "quotaExceeded": (403, "youtube.quota", "The request cannot be completed because you have exceeded your quota."),
    "rateLimitExceeded": (403, "usageLimits", "Rate Limit Exceeded"),
    "userRateLimitExceeded": (403, "usageLimits", "User Rate Limit Exceeded"),
    "notFound": (404, "global", "Not Found"),
    "playlistNotFound": (404, "youtube.playlistItem", "The playlist identified with the request cannot be found."),
    "videoNotFound": (404, "youtube.video", "The video that you are trying to use cannot be found."),
    "uploadTooLarge": (413, "global", "The upload is too large."),
    "uploadRateLimitExceeded": (429, "youtube.video", "The channel has uploaded too many videos recently."),
    "internalError": (500, "global", "Internal Error"),
    "backendError": (503, "global", "Backend Error"),
}


def refused(reason: str, message: str = "", location: str = "") -> Refusal:
    """The request is refused, for a documented reason."""
    return Refusal(Answer(REASONS[reason][0], error(reason, message, location)))


def error(reason: str, message: str = "", location: str = "") -> dict[str, Any]:
    """The body of an error, also for a trouble: `trouble("init", status=403, body=error("quotaExceeded"))`.

    Parameters
    ----------
    location:
        The parameter or property that is wrong.
    """
    code, domain, usual = REASONS[reason]
    told = message or usual
    place = {"locationType": "parameter", "location": location} if location else {}
    return {
        "error": {
            "code": code,
            "message": told,
            "errors": [{"message": told, "domain": domain, "reason": reason, **place}],
        }
    }
