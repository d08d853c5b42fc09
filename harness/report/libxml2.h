/* libxml2, loaded when the first JUnit file is written: it brings ICU's 30 MB. */
#ifndef LIBXML2_H
#define LIBXML2_H

#include <libxml/xmlwriter.h>

#include <bootcheck/base/err.h>
#include <bootcheck/sys/library.h>

#define BC_LIBXML2(X)                                                                              \
	X(xmlFreeTextWriter)                                                                       \
	X(xmlNewTextWriter)                                                                        \
	X(xmlOutputBufferCreateIO)                                                                 \
	X(xmlTextWriterEndDocument)                                                                \
	X(xmlTextWriterEndElement)                                                                 \
	X(xmlTextWriterSetIndent)                                                                  \
	X(xmlTextWriterSetIndentString)                                                            \
	X(xmlTextWriterStartDocument)                                                              \
	X(xmlTextWriterStartElement)                                                               \
	X(xmlTextWriterWriteAttribute)                                                             \
	X(xmlTextWriterWriteString)

extern struct bc_libxml2 {
	BC_LIBXML2(BC_LIBRARY_MEMBER)
} bc_xml;

bool bc_libxml2_load(struct bc_err *err) BC_MUST_CHECK;

#endif
